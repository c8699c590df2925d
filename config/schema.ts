/**
 * The whole configuration as one zod schema. Everything else follows from it: the type, the environment variables, the
 * messages, the printed table and the reference in `docs/configuration.md`.
 */
import * as z from 'zod';
import { audit } from './sections/audit.js';
import { calls, log, mailbox, membership, supervision } from './sections/behaviour.js';
import { inference } from './sections/inference.js';
import { cluster, nats, node } from './sections/place.js';
import { store } from './sections/store.js';
import { telemetry } from './sections/telemetry.js';

/** The schema of a resolved configuration: every default is already in it. */
export const configSchema = z.strictObject({
  cluster,
  node,
  nats,
  membership,
  mailbox,
  calls,
  supervision,
  log,
  store,
  telemetry,
  audit,
  inference,
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A resolved configuration. Units, defaults and consequences of each option are in `docs/configuration.md`. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
