import { languages, type TextDocument, type Uri } from "vscode";

const LANGUAGES = [
  "terraform",
  "terraform-vars",
  "opentofu",
  "opentofu-vars",
  "yaml",
  "json",
  "cloudformation",
  "yaml.cloudformation",
];
const BY_NAME = "**/*.{tf,tofu,tfvars,template,tf.json,tofu.json,tfvars.json}";

/** What the server is asked about; whether a YAML or JSON file is a template, it decides itself. */
export const selector = [
  ...LANGUAGES.map((language) => ({ scheme: "file", language })),
  // Another extension may have given these a language of its own.
  { scheme: "file", pattern: BY_NAME },
];

const TYPICAL = /\.(?:tf|tofu|tfvars)(?:\.json)?$|(?:^|\/)setsquare\.yaml$/;

/** Whether a document is one that the server is asked about. */
export function isOurs(document: TextDocument): boolean {
  return languages.match(selector, document) > 0;
}

/** Whether a file's name says that it is infrastructure code; YAML and JSON can be anything. */
export function isTypical(uri: Uri): boolean {
  return uri.scheme === "file" && TYPICAL.test(uri.path);
}
