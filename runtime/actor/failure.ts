/**
 * Failures with a class. A handler that throws this tells its supervisor what kind of failure it is, and a supervisor
 * may answer each kind differently (`supervision.onFailure`). Anything else that is thrown is a `crash`, but for errors
 * whose code says more.
 */
import { type ExitReason, type FailureClass, failureClasses } from '#protocols/wire/envelope';
import { SkepError } from '#protocols/wire/error';

/** The classes that a handler may raise; only the runtime knows that a node is down. */
export type HandlerFailureClass = Exclude<FailureClass, 'node-down'>;

/** Fails the actor whose handler throws it; a caller hears `ACTOR_CRASHED` with the class among the facts. */
export class ActorFailure extends Error {
  override readonly name = 'ActorFailure';
  readonly failureClass: HandlerFailureClass;

  /** @throws SkepError BAD_USAGE when the class is none that a handler may raise. */
  constructor(failureClass: HandlerFailureClass, message: string, options?: ErrorOptions) {
    super(message, options);
    const allowed = failureClasses.filter((known) => known !== 'node-down');
    if (!(allowed as readonly string[]).includes(failureClass)) {
      throw new SkepError('BAD_USAGE', `failure class ${String(failureClass)}: expected one of ${allowed.join(', ')}`, {
        class: failureClass,
      });
    }
    this.failureClass = failureClass;
  }
}

/** Why an actor failed whose handler threw this. An init that failed has its cause's class. */
export function failureReason(thrown: unknown): ExitReason {
  return { class: classOf(thrown), message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function classOf(thrown: unknown): HandlerFailureClass {
  if (thrown instanceof ActorFailure) return thrown.failureClass;
  if (!(thrown instanceof SkepError)) return 'crash';
  switch (thrown.code) {
    case 'CALL_TIMEOUT':
      return 'timeout';
    case 'MAILBOX_FULL':
      return 'overload';
    case 'INIT_FAILED':
      return classOf(thrown.cause);
    default:
      return 'crash';
  }
}
