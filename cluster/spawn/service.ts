/**
 * Serves the spawn API as a NATS micro service: requests on `skep.<cluster>.api.<endpoint>`, one node answers each, and
 * `$SRV.PING|INFO|STATS` tell any NATS tool what is there (the protocol of NATS ADR-32, "Service API"). Bodies are
 * msgpack or JSON, as the request's `Content-Type` says; JSON is the default, and the answer has the form of the request.
 */
import { errorCatalogue, SkepError, toWireError, type WireError } from '#protocols/wire/error';
import type { SpawnApiEndpoint } from '#protocols/wire/spawn-api';
import { decode, encode } from '#runtime/codec/msgpack';
import type { MessageHeaders, ServiceHandler, Services, Unsubscribe } from '../transport/port.js';
import { endpoints, handleRequest } from './api.js';
import type { ApiHost } from './locate.js';

/** What the service says of itself. */
export interface ServiceIdentity {
  readonly version: string;
  /** Unique among the services of the bus: the node and its incarnation. */
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Counters {
  requests: number;
  errors: number;
  lastError: string;
  nanoseconds: number;
}

const NAME = 'skep';
const QUEUE = 'skep-api';
/** Larger requests are refused before they are decoded. */
const MAX_REQUEST_BYTES = 1_048_576;
/** Servers carry 1 MiB in one message by default, headers included; a larger answer would vanish without a word. */
const MAX_ANSWER_BYTES = 1_000_000;

/** Serves the API until the returned function is called. */
export function serveSpawnApi(services: Services, host: ApiHost, identity: ServiceIdentity): Unsubscribe {
  const started = new Date().toISOString();
  const counters = new Map(
    endpoints.map((endpoint): [SpawnApiEndpoint, Counters] => [
      endpoint,
      { requests: 0, errors: 0, lastError: '', nanoseconds: 0 },
    ]),
  );
  const subjectOf = (endpoint: SpawnApiEndpoint): string => apiSubject(host.cluster, endpoint);
  const head = { name: NAME, id: identity.id, version: identity.version, metadata: identity.metadata };
  const describe = (endpoint: SpawnApiEndpoint) => ({
    name: endpoint,
    subject: subjectOf(endpoint),
    queue_group: QUEUE,
  });
  const answers = {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...head }),
    INFO: () => ({
      type: 'io.nats.micro.v1.info_response',
      ...head,
      description: 'Spawns, calls and stops actors of a skep cluster.',
      endpoints: endpoints.map((endpoint) => ({ ...describe(endpoint), metadata: {} })),
    }),
    STATS: () => ({
      type: 'io.nats.micro.v1.stats_response',
      ...head,
      started,
      endpoints: endpoints.map((endpoint) => ({ ...describe(endpoint), ...statsOf(counters.get(endpoint)) })),
    }),
  };
  const served = endpoints.map((endpoint) =>
    services.serve(subjectOf(endpoint), QUEUE, endpointHandler(host, endpoint, counters.get(endpoint))),
  );
  const discovery = Object.entries(answers).flatMap(([verb, answer]) =>
    [`$SRV.${verb}`, `$SRV.${verb}.${NAME}`, `$SRV.${verb}.${NAME}.${identity.id}`].map((subject) =>
      services.serve(subject, undefined, (_payload, _headers, respond) => respond(jsonBytes(answer()))),
    ),
  );
  return () => {
    for (const stop of [...served, ...discovery]) stop();
  };
}

/** The subject of an endpoint. */
export function apiSubject(cluster: string, endpoint: SpawnApiEndpoint): string {
  return `skep.${cluster}.api.${endpoint}`;
}

function endpointHandler(host: ApiHost, endpoint: SpawnApiEndpoint, counters: Counters | undefined): ServiceHandler {
  return (payload, headers, respond) => {
    const begun = process.hrtime.bigint();
    const form = formOf(headers);
    const done = (): void => {
      if (counters === undefined) return;
      counters.requests += 1;
      counters.nanoseconds += Number(process.hrtime.bigint() - begun);
    };
    Promise.resolve()
      .then(() => handleRequest(host, endpoint, readBody(payload, form), header(headers, 'traceparent')))
      .then((answer) => respond(writeAnswer(answer, form, endpoint), { 'Content-Type': contentType(form) }))
      .catch((error: unknown) => {
        const wire = toWireError(error);
        if (counters !== undefined) {
          counters.errors += 1;
          counters.lastError = `${wire.code}: ${wire.message}`;
        }
        respond(
          writeBody({ error: { ...wire, remedy: errorCatalogue[wire.code].remedy } }, form),
          errorHeaders(wire, form),
        );
      })
      .finally(done);
  };
}

type Form = 'json' | 'msgpack';

function formOf(headers: MessageHeaders): Form {
  return header(headers, 'content-type')?.includes('msgpack') === true ? 'msgpack' : 'json';
}

function header(headers: MessageHeaders, wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function contentType(form: Form): string {
  return form === 'json' ? 'application/json' : 'application/msgpack';
}

function readBody(payload: Uint8Array, form: Form): unknown {
  if (payload.length > MAX_REQUEST_BYTES)
    throw new SkepError('FRAME_TOO_LARGE', `request of ${payload.length} bytes; at most ${MAX_REQUEST_BYTES}`);
  if (payload.length === 0) return {};
  try {
    return form === 'json' ? JSON.parse(Buffer.from(payload).toString('utf8')) : decode(payload);
  } catch (cause) {
    throw new SkepError(
      'BAD_MESSAGE',
      `the request is not valid ${form}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { form },
      cause,
    );
  }
}

function writeAnswer(value: unknown, form: Form, endpoint: SpawnApiEndpoint): Uint8Array {
  const body = writeBody(value, form);
  if (body.length <= MAX_ANSWER_BYTES) return body;
  const text = `the answer to ${endpoint} has ${body.length} bytes; at most ${MAX_ANSWER_BYTES} can be sent`;
  throw new SkepError('FRAME_TOO_LARGE', text, { endpoint, bytes: body.length, limit: MAX_ANSWER_BYTES });
}

function writeBody(value: unknown, form: Form): Uint8Array {
  return form === 'json' ? jsonBytes(value) : encode(value);
}

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Headers by which NATS micro clients see an error; the body has the whole of it. */
function errorHeaders(error: WireError, form: Form): MessageHeaders {
  return {
    'Content-Type': contentType(form),
    'Nats-Service-Error': `${error.code}: ${error.message}`.replaceAll(/[^\x20-\x7e]/g, '?'),
    'Nats-Service-Error-Code': error.code === 'INTERNAL' ? '500' : '400',
  };
}

function statsOf(counters: Counters | undefined) {
  const { requests = 0, errors = 0, lastError = '', nanoseconds = 0 } = counters ?? {};
  return {
    num_requests: requests,
    num_errors: errors,
    last_error: lastError,
    processing_time: nanoseconds,
    average_processing_time: requests === 0 ? 0 : Math.round(nanoseconds / requests),
  };
}
