const vscode = require("vscode");

exports.activate = () => ({
  environments: {
    onDidChangeActiveEnvironmentPath: (listener) =>
      vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration("python") && listener()),
    getActiveEnvironmentPath: () => {
      const path = vscode.workspace.getConfiguration("python").get("defaultInterpreterPath");
      return { id: path, path };
    },
    resolveEnvironment: ({ path }) => Promise.resolve({ id: path, path, executable: { uri: vscode.Uri.file(path) } }),
  },
});
