/**
 * Which spans the runtime makes, and what is written on them:
 *
 *     caller --call--> client span --envelope.trace--> server span of the handler --its calls--> ...
 *     sender --cast--> (no span)   --envelope.trace--> consumer span of the turn
 *     spawn  -------------------------------------------> internal span of the start, around init
 *
 * Attributes follow OpenTelemetry's semantic conventions for RPC and messaging, and `skep.*` where these have no word.
 * What the runtime does for itself (the registry of names, the executors' own calls, definitions named `skep.*`) is told
 * only inside a trace that somebody began.
 */
import { type ActorAddress, addressParts, EXECUTOR_SERIAL } from '#protocols/wire/address';
import type { Envelope, SpawnSpec } from '#protocols/wire/envelope';
import type { Traceparent } from '#protocols/wire/trace-context';
import type { Span, SpanAttributes, Tracer } from './tracer.js';

/** The actor that handles a message. */
interface Handler {
  readonly address: ActorAddress;
  readonly definition: { readonly name: string };
}

type Message = Extract<Envelope, { kind: 'cast' | 'call' }>;

/** Serials below this are actors that every node has. */
const FIRST_ORDINARY_SERIAL = 16;

/** Makes the spans of one executor. */
export class Spans {
  readonly #tracer: Tracer;
  readonly #place: SpanAttributes;

  constructor(tracer: Tracer, node: string, executor: number) {
    this.#tracer = tracer;
    this.#place = { 'skep.node': node, 'skep.executor': executor };
  }

  /** A call as its caller sees it. */
  call(to: ActorAddress, name: string, parent: Traceparent | undefined): Span | undefined {
    const { node, serial } = addressParts(to);
    if (serial === EXECUTOR_SERIAL || (parent === undefined && serial < FIRST_ORDINARY_SERIAL)) return undefined;
    return this.#tracer.start({
      kind: 'client',
      name: `call ${name}`,
      parent,
      attributes: {
        ...this.#place,
        'rpc.system.name': 'skep',
        'rpc.method': name,
        'server.address': node,
        'skep.message': name,
        'skep.actor': to,
      },
    });
  }

  /** The handling of a call or cast. */
  turn({ address, definition }: Handler, { kind, name, trace }: Message): Span | undefined {
    if (trace === undefined && definition.name.startsWith('skep.')) return undefined;
    const common = {
      ...this.#place,
      'skep.definition': definition.name,
      'skep.message': name,
      'skep.actor': address,
    };
    if (kind === 'call') {
      const method = `${definition.name}/${name}`;
      return this.#tracer.start({
        kind: 'server',
        name: method,
        parent: trace,
        attributes: { ...common, 'rpc.system.name': 'skep', 'rpc.method': method },
      });
    }
    return this.#tracer.start({
      kind: 'consumer',
      name: `process ${definition.name}`,
      parent: trace,
      attributes: {
        ...common,
        'messaging.system.name': 'skep',
        'messaging.operation.type': 'process',
        'messaging.operation.name': 'process',
        'messaging.destination.name': definition.name,
      },
    });
  }

  /** The start of an actor here, its init included. */
  spawn(spec: SpawnSpec, address: ActorAddress, parent: Traceparent | undefined): Span | undefined {
    if (parent === undefined && spec.definition.startsWith('skep.')) return undefined;
    return this.#tracer.start({
      kind: 'internal',
      name: `spawn ${spec.definition}`,
      parent,
      attributes: { ...this.#place, 'skep.definition': spec.definition, 'skep.actor': address },
    });
  }
}
