/**
 * Extensions: how a higher layer reaches into each executor without the runtime knowing it. The cluster layer installs
 * one that opens a connection per executor, so that frames for other nodes never pass through the main thread.
 */
import type { FrameLink } from './outbox.js';

/** What an extension may do with its executor. */
export interface ExtensionHost {
  readonly node: string;
  readonly incarnation: string;
  readonly id: number;
  setRemote(linkTo: (node: string, executor: number) => FrameLink | undefined): void;
  receive(frame: Uint8Array): void;
}

/** Default export of an extension's module. Gives the function that uninstalls it. */
export type InstallExtension = (host: ExtensionHost, options: unknown) => Promise<() => Promise<void>>;

/** Names an extension's module; plain data, because it crosses to threads. */
export interface ExtensionSpec {
  /** File URL of a compiled module. */
  readonly module: string;
  readonly options: unknown;
}

/** Imports and installs extensions; the result uninstalls them in reverse order. */
export async function installExtensions(
  host: ExtensionHost,
  specs: readonly ExtensionSpec[],
): Promise<() => Promise<void>> {
  const installed: (() => Promise<void>)[] = [];
  const uninstall = async (): Promise<void> => {
    for (const remove of installed.reverse()) await remove();
  };
  try {
    for (const spec of specs) {
      const { default: install } = (await import(spec.module)) as { default: InstallExtension };
      installed.push(await install(host, spec.options));
    }
  } catch (error) {
    await uninstall();
    throw error;
  }
  return uninstall;
}
