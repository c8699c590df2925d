/** What a definition says about reliable delivery of its casts. */
import type { ProducerSettings } from '#protocols/delivery/producer';
import type { ConsumerSettings } from '#protocols/delivery/consumer';
import { SkepError } from '#protocols/wire/error';

/** Options of `reliable`; every number is a whole one. */
export interface ReliableOptions {
  /** Messages of one sender that are sent before the first of them is handled, 1 to 4,096. Default 128. */
  readonly window?: number;
  /**
   * Messages of one sender that are accepted and not yet handled, at least the window. `cast` is false above half of it,
   * and a message beyond it is refused and becomes a dead letter. Default 10,000.
   */
  readonly buffer?: number;
  /** Milliseconds before the first resend; the delay doubles with each. Default 200. */
  readonly resendMs?: number;
  /** The longest delay between resends in milliseconds. Default 5,000. */
  readonly maxResendMs?: number;
  /**
   * Whether senders that are stored (`persistence` or `durable`) store what they send until it is handled, and go on with
   * it in their next life. Default false. Casts of other senders are reliable, and not durable.
   */
  readonly durable?: boolean;
  /**
   * Milliseconds without a word of the receiver after which what waits becomes dead letters. Default 60,000; for durable
   * casts to a name without end.
   */
  readonly giveUpMs?: number;
  /**
   * How often a message is handled when its handler crashes each time; then it is a dead letter and the next has its
   * turn. Default: without end, which leaves it to the supervisor to give the actor up.
   */
  readonly maxDeliveries?: number;
}

/** All of them. */
export interface ReliableSettings extends ProducerSettings, ConsumerSettings {
  readonly durable: boolean;
}

/** Milliseconds for which a receiver that is known by its address alone may be silent. */
export const GIVE_UP_MS = 60_000;

const defaults: ReliableSettings = {
  window: 128,
  buffer: 10_000,
  resendMs: 200,
  maxResendMs: 5_000,
  giveUpMs: GIVE_UP_MS,
  maxDeliveries: Number.POSITIVE_INFINITY,
  durable: false,
};

/** The settings of a definition; undefined when its casts are plain. @throws SkepError BAD_CONFIG. */
export function reliableSettings(
  definition: string,
  reliable: boolean | ReliableOptions | undefined,
): ReliableSettings | undefined {
  if (reliable === undefined || reliable === false) return undefined;
  const given = reliable === true ? {} : reliable;
  const giveUpMs = given.durable === true ? Number.POSITIVE_INFINITY : GIVE_UP_MS;
  const settings = { ...defaults, giveUpMs, ...given };
  if (typeof settings.durable !== 'boolean') {
    const text = `definition ${definition}: reliable.durable is ${String(settings.durable)}: expected true or false`;
    throw new SkepError('BAD_CONFIG', text, { definition, field: 'reliable.durable' });
  }
  const endless = (field: string): boolean => field === 'maxDeliveries' || (field === 'giveUpMs' && settings.durable);
  const check = (
    field: Exclude<keyof ReliableSettings, 'durable'>,
    least: number,
    most = Number.POSITIVE_INFINITY,
  ): void => {
    const value = settings[field];
    const whole = Number.isSafeInteger(value) || (endless(field) && value === Number.POSITIVE_INFINITY);
    if (whole && value >= least && value <= most) return;
    const range = Number.isFinite(most) ? `from ${least} to ${most}` : `from ${least}`;
    const text = `definition ${definition}: reliable.${field} is ${value}: expected a whole number ${range}`;
    throw new SkepError('BAD_CONFIG', text, { definition, field: `reliable.${field}` });
  };
  check('window', 1, 4_096);
  check('buffer', settings.window);
  check('resendMs', 1);
  check('maxResendMs', settings.resendMs);
  check('giveUpMs', 1);
  check('maxDeliveries', 1);
  return settings;
}

/** For a receiver whose definition says nothing, because its sender took it for another. */
export const receiverDefaults: ConsumerSettings = defaults;
