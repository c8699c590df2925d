/**
 * What an actor made by `defineSupervisor` asks of the runtime about its children: the operations of OTP's `supervisor`
 * module by child id. Kept out of the context that ordinary handlers see, whose children have no ids.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { SpawnSpec } from '#protocols/wire/envelope';
import type { ActorContext } from '../actor/context.js';
import type { ChildStatus } from './children.js';

/** One child as its supervisor knows it. */
export interface KnownChild {
  readonly address: ActorAddress;
  readonly spec: SpawnSpec;
  readonly status: ChildStatus;
}

/** The children of one supervisor. */
export interface SupervisorDoor {
  /** @throws SkepError CHILD_ALREADY_STARTED, CHILD_ALREADY_PRESENT, or what its start fails with. */
  startChild(spec: SpawnSpec): Promise<ActorAddress>;
  /** Ends a child; its spec is kept unless it is temporary or has no id. @throws SkepError NO_SUCH_CHILD. */
  terminateChild(child: string | ActorAddress): Promise<void>;
  /** Starts an ended child. @throws SkepError NO_SUCH_CHILD, CHILD_RUNNING, CHILD_RESTARTING, or why it did not start. */
  restartChild(id: string): Promise<ActorAddress>;
  /** Forgets an ended child. @throws SkepError NO_SUCH_CHILD, CHILD_RUNNING, CHILD_RESTARTING. */
  deleteChild(id: string): Promise<void>;
  /** All children in the order of their start. */
  knownChildren(): readonly KnownChild[];
}

/** A context with a door to the children. */
export interface DoorHolder {
  readonly supervisor: SupervisorDoor;
}

/** The door of a context. */
export function doorOf(ctx: ActorContext): SupervisorDoor {
  if ('supervisor' in ctx) return (ctx as ActorContext & DoorHolder).supervisor;
  throw new Error('this context has no door to its children');
}
