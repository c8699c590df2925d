/**
 * A face is what one actor knows of another: the casts that it accepts, without its code. Actors that talk in both
 * directions would otherwise import each other's definitions in a circle.
 */
import type { ActorContext } from './context.js';
import type { RefTarget } from './ref.js';

/** Handlers for a table of casts, `{ name: Message }`; a definition says `casts: {...} satisfies CastHandlers<...>`. */
export type CastHandlers<State, Casts> = {
  readonly [K in keyof Casts]: (state: State, message: Casts[K], ctx: ActorContext) => void | Promise<void>;
};

/** The casts of an actor whose definition is elsewhere; see {@link castFace}. */
export interface Face<Casts> extends RefTarget {
  readonly casts: CastHandlers<never, Casts>;
}

/** A face for refs, `ctx.ref(face, address)`. A ref reads only the types of the handlers, so there are none to give. */
export function castFace<Casts>(): Face<Casts> {
  return { calls: {}, casts: {} as Face<Casts>['casts'], streams: new Set() };
}
