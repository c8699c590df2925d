/** The spawn API from the asking side, as the CLI uses it: one request, one answer, coded errors. */
import { fromWireError, SkepError, type WireError } from '#protocols/wire/error';
import type { SpawnApiEndpoint } from '#protocols/wire/spawn-api';
import { decode, encode } from '#runtime/codec/msgpack';
import type { Services } from '../transport/port.js';
import { apiSubject } from './service.js';

/**
 * Asks an endpoint of a cluster, as a part of the trace where one is given.
 * @throws SkepError the code that the cluster answered, `NO_CLUSTER` when nobody serves it, or `CALL_TIMEOUT`.
 */
export async function requestApi(
  services: Services,
  cluster: string,
  endpoint: SpawnApiEndpoint,
  body: unknown,
  timeoutMs: number,
  traceparent?: string,
): Promise<unknown> {
  const headers = { 'Content-Type': 'application/msgpack', ...(traceparent === undefined ? {} : { traceparent }) };
  const reply = await services.request(apiSubject(cluster, endpoint), encode(body), headers, timeoutMs);
  const answer = decode(reply.payload);
  if (typeof answer !== 'object' || answer === null)
    throw new SkepError('BAD_FRAME', `cluster ${cluster} gave an answer that is none`);
  if ('error' in answer) throw fromWireError(answer.error as WireError);
  return answer;
}
