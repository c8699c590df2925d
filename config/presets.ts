/**
 * Presets: values that only make sense together, chosen by where the nodes run. They carry what depends on the network
 * and nothing else, so that choosing one never changes what a run computes.
 */

/** One preset. */
export interface Preset {
  /** Why these values. */
  readonly why: string;
  /** Value by dotted path. */
  readonly values: Readonly<Record<string, string | number>>;
}

/** The presets by name. */
export const presets = {
  local: {
    why:
      'All nodes on one machine, over loopback. A heartbeat is cheap and is never lost on the way, so a dead node is ' +
      'found in 2 s; 8 heartbeats of grace cover a pause for garbage collection on busy cores.',
    values: { 'membership.heartbeatMs': 250, 'membership.timeoutMs': 2000 },
  },
  lan: {
    why:
      'Machines on one network. Switches drop and delay packets and a reconnect takes a second or two, so heartbeats ' +
      'are fewer and a node is given 6 s before its work is run again elsewhere.',
    values: { 'membership.heartbeatMs': 1000, 'membership.timeoutMs': 6000 },
  },
} as const satisfies Record<string, Preset>;

/** Name of a preset. */
export type PresetName = keyof typeof presets;

/** The preset in force when none is chosen. */
export const DEFAULT_PRESET: PresetName = 'local';

/** Every preset name, the default first. */
export const presetNames: readonly PresetName[] = ['local', 'lan'];

/** Whether a text names a preset. */
export function isPresetName(text: string): text is PresetName {
  return Object.hasOwn(presets, text);
}
