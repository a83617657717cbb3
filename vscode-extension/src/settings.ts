import { ConfigurationTarget, workspace } from "vscode";

/** The part of the settings that is the extension's own; the rest is the server's, which asks for it itself. */
export const OWN = "setsquare.server";

export const FIX_ON_SAVE = "source.fixAll.setsquare";

/** Returns one of the extension's own settings; in a workspace that is not trusted, never what the workspace says. */
export function ownSetting(name: "path" | "python"): string {
  return workspace.getConfiguration(OWN).get<string>(name, "").trim();
}

/** Turns fixing on save on, or off where it is on; returns whether it is on now. */
export async function toggleFixOnSave(): Promise<boolean> {
  const editor = workspace.getConfiguration("editor");
  const actions = editor.get<Record<string, unknown>>("codeActionsOnSave", {});
  const isOn = actions[FIX_ON_SAVE] !== undefined && !["never", false].includes(actions[FIX_ON_SAVE] as string | boolean);
  const changed = { ...actions, [FIX_ON_SAVE]: isOn ? "never" : "explicit" };
  await editor.update("codeActionsOnSave", changed, ConfigurationTarget.Global);
  return !isOn;
}
