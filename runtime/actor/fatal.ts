/**
 * The end of a node as an actor may ask for it. Only the guardian does, when an actor that the node cannot do without
 * failed for good; so this door is kept out of the interface that handlers see.
 */
import type { SkepError } from '#protocols/wire/error';
import type { ActorContext } from './context.js';

/** A context that can say that its node can not go on. */
export interface FatalRaiser {
  fatal(error: SkepError): void;
}

/** Tells the node that it can not go on. */
export function raiseFatal(ctx: ActorContext, error: SkepError): void {
  if (!('fatal' in ctx)) throw new Error('this context cannot end its node');
  (ctx as ActorContext & FatalRaiser).fatal(error);
}
