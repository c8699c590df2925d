/**
 * How an actor supervises its children. The words and rules are those of OTP's `supervisor`; the answers by failure
 * class add what Akka's supervisor strategies can do.
 */
import { type FailureClass, failureClasses } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';
import type { Backoff, RestartIntensity } from './intensity.js';

/**
 * Who is restarted when one child fails: that child alone, all children, or that child and those that started after it.
 * Siblings are ended newest first and begin again oldest first, at their addresses and with their waiting mail;
 * temporary siblings end for good.
 */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/** Whether a supervisor ends when a significant child ends by itself, or when the last of them did. */
export type AutoShutdown = 'never' | 'any-significant' | 'all-significant';

/**
 * What to do about a failed child: `restart` it as its restart policy and the strategy say, `resume` it with its state
 * and the next message, `stop` it for good, or `escalate`: fail with the same reason, for one's own supervisor to judge.
 */
export type FailureAnswer = 'restart' | 'resume' | 'stop' | 'escalate';

/** How an actor supervises the children that it spawns. */
export interface SupervisionOptions extends Partial<RestartIntensity> {
  /** Default `one-for-one`. */
  readonly strategy?: Strategy;
  readonly backoff?: Backoff;
  /**
   * What to do when children fail more often than the intensity allows: `fail` (default) ends this actor with reason
   * `shutdown`, for its own supervisor to judge; `stop-child` gives only that child up and tells this actor by an `exit`
   * info.
   */
  readonly whenExceeded?: 'fail' | 'stop-child';
  /** Default `never`. Otherwise children may be spawned as `significant`, and this actor ends with reason `shutdown`. */
  readonly autoShutdown?: AutoShutdown;
  /**
   * Answers by class of failure; default `restart`. A child whose node is down cannot be restarted or resumed at its
   * address, so `node-down` takes `stop` (its default) or `escalate`.
   */
  readonly onFailure?: { readonly [C in FailureClass]?: C extends 'node-down' ? 'stop' | 'escalate' : FailureAnswer };
}

const strategies: readonly Strategy[] = ['one-for-one', 'one-for-all', 'rest-for-one'];
const autoShutdowns: readonly AutoShutdown[] = ['never', 'any-significant', 'all-significant'];
const answers: readonly FailureAnswer[] = ['restart', 'resume', 'stop', 'escalate'];
const jitters: readonly (Backoff['jitter'] & string)[] = ['none', 'full', 'decorrelated'];

/** Checks what a definition says. @throws SkepError BAD_CONFIG naming the field. */
export function checkSupervision(definition: string, options: SupervisionOptions | undefined): void {
  if (options === undefined) return;
  const { strategy, autoShutdown, backoff, whenExceeded, maxRestarts, withinMs, onFailure = {} } = options;
  const check = (field: string, value: unknown, fits: boolean, expected: string): void => {
    if (value === undefined || fits) return;
    const text = `definition ${definition}: supervision.${field} is ${JSON.stringify(value)}: expected ${expected}`;
    throw new SkepError('BAD_CONFIG', text, { definition, field: `supervision.${field}` });
  };
  const among = (field: string, value: unknown, known: readonly unknown[]): void =>
    check(field, value, known.includes(value), known.join(', '));
  const atLeast = (field: string, value: number | undefined, least: number): void =>
    check(field, value, value !== undefined && value >= least, `at least ${least}`);
  among('strategy', strategy, strategies);
  among('autoShutdown', autoShutdown, autoShutdowns);
  among('whenExceeded', whenExceeded, ['fail', 'stop-child']);
  check(
    'maxRestarts',
    maxRestarts,
    Number.isSafeInteger(maxRestarts) && Number(maxRestarts) >= 0,
    'a whole number from 0',
  );
  check('withinMs', withinMs, Number(withinMs) > 0, 'milliseconds above 0');
  atLeast('backoff.firstMs', backoff?.firstMs, 0);
  atLeast('backoff.maxMs', backoff?.maxMs, backoff?.firstMs ?? 0);
  among('backoff.jitter', backoff?.jitter, jitters);
  for (const [failure, answer] of Object.entries(onFailure)) {
    among('onFailure', failure, failureClasses);
    among(`onFailure.${failure}`, answer, failure === 'node-down' ? ['stop', 'escalate'] : answers);
  }
}
