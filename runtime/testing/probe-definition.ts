/** The definition of probes: an actor that takes every cast and every call, whatever its name, and hands them on. */
import type { SkepError } from '#protocols/wire/error';
import type { ActorContext } from '../actor/context.js';
import { type AnyDefinition, defineActor } from '../actor/definition.js';
import type { Observer } from './instrument.js';
import type { Probe } from './probe.js';

interface ProbeArgs {
  readonly id: number;
}

/** The definition for the probes of one system. */
export function probeDefinition(probes: readonly Probe[], observer: Observer) {
  const recorded = (name: string) => (probe: Probe, message: unknown, ctx: ActorContext) => {
    observer.handling({ kind: 'cast', name, message }, ctx);
    probe.record({ kind: 'cast', name, message, from: ctx.sender });
  };
  const asked = (name: string) => (probe: Probe, message: unknown, ctx: ActorContext) => {
    observer.handling({ kind: 'call', name, message }, ctx);
    return new Promise((resolve, reject: (error: SkepError) => void) => {
      probe.record({ kind: 'call', name, message, from: ctx.sender, reply: resolve, fail: reject });
    });
  };
  const definition: AnyDefinition = {
    ...defineActor({
      name: 'skep.test.probe',
      description: 'Records what it is sent, for a test.',
      init: ({ id }: ProbeArgs, ctx): Probe => {
        const probe = probes[id];
        if (probe === undefined) throw new Error(`there is no probe ${id}`);
        probe.attach(ctx);
        return probe;
      },
      info: (probe, info) => {
        if (info.type === 'down') probe.record({ kind: 'down', address: info.address, reason: info.reason });
      },
    }),
    calls: anyName(asked),
    casts: anyName(recorded),
  };
  return definition;
}

/** An object that has a handler under every name. */
function anyName<H>(make: (name: string) => H): Record<string, H> {
  return new Proxy<Record<string, H>>(
    {},
    {
      get: (_target, name) => (typeof name === 'string' ? make(name) : undefined),
      getOwnPropertyDescriptor: (_target, name) =>
        typeof name === 'string'
          ? { configurable: true, enumerable: true, writable: true, value: make(name) }
          : undefined,
    },
  );
}
