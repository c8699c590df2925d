/**
 * What a heartbeat says, and its form on the wire (JSON: it is small, rare, and readable with any NATS tool).
 */
import { z } from 'zod';
import { nameSchema } from '#protocols/wire/address';
import type { Member } from './port.js';

/**
 * `joining`: asks whether the name is free; the sender is no member yet. `alive`: it is. `leaving`: it goes, and that is
 * no failure.
 */
export type Phase = 'joining' | 'alive' | 'leaving';

/** One heartbeat. */
export interface Heartbeat {
  readonly phase: Phase;
  /** Random, one per process: tells two nodes apart that have the same name and started in the same millisecond. */
  readonly instance: string;
  readonly member: Member;
}

const MAX_LIST = 1_024;
const MAX_LABELS = 64;

const beatSchema = z.object({
  phase: z.enum(['joining', 'alive', 'leaving']),
  instance: z.string().min(1).max(64),
  member: z.object({
    name: nameSchema,
    incarnation: z.string().regex(/^[a-z0-9]{1,16}$/),
    pid: z.int().nonnegative(),
    host: z.string().max(255),
    roles: z.array(nameSchema).max(MAX_LIST),
    labels: z
      .record(z.string().max(64), z.string().max(256))
      .refine((labels) => Object.keys(labels).length <= MAX_LABELS),
    executors: z.array(z.int().nonnegative()).max(MAX_LIST),
    cores: z.int().nonnegative(),
    load: z.number().nonnegative(),
  }),
});

/** Writes a heartbeat. */
export function encodeBeat(beat: Heartbeat): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(beat));
}

/** Reads a heartbeat; undefined when the bytes are not one. */
export function decodeBeat(bytes: Uint8Array): Heartbeat | undefined {
  try {
    return beatSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}
