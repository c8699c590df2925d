/**
 * Which replica of a model gets a request. Each says now and then how loaded it is and which beginnings of prompts it has
 * in its cache; from that, for each replica,
 *
 *     cost = tokens of the prompt that it would have to compute + load
 *     load = (tokens that wait + tokens that running answers may still have) / slots
 *
 * and the least cost wins (the form of Dynamo's KV router: prefill blocks that are not cached plus decode blocks). Three
 * rules stand around it:
 *
 * - What a replica said longer ago than `staleMs` is not believed: it counts as full (llm-d's saturation detector).
 * - A replica whose load is more than `gapTokens` and more than `gapRatio` times above the least is left out, whatever it
 *   has cached, or one popular beginning would pile everything on one replica (SGLang's balance thresholds).
 * - A beginning that nobody has goes by rendezvous hashing, so that requests with it which arrive before the first of
 *   them shows in a report meet on one replica.
 */
import { best } from '#protocols/placement/rendezvous';

/** What a replica says of itself. Plain data. */
export interface ReplicaReport {
  /** Names the replica. */
  readonly replica: string;
  readonly slots: number;
  readonly freeSlots: number;
  /** Tokens that wait, prompts and longest answers. */
  readonly queueTokens: number;
  /** Tokens that the running answers may still have. */
  readonly decodeTokens: number;
  /** Whether it refuses what comes now. */
  readonly full: boolean;
  /** Hashes of the beginnings of prompts in its cache. @see blockHashes */
  readonly blocks: readonly number[];
}

/** A report and when it came, on the clock of whoever chooses. */
export interface KnownReplica {
  readonly report: ReplicaReport;
  readonly heardMs: number;
}

/** A request as the choice sees it. */
export interface RoutedRequest {
  /** @see blockHashes */
  readonly blocks: readonly number[];
  /** Tokens of the prompt, or an estimate. */
  readonly promptTokens: number;
}

/** How a choice leans. */
export interface RoutingOptions {
  /** Age in milliseconds from which a report means a full replica. Default 200. */
  readonly staleMs?: number;
  /** Tokens of load above the least that are put up with for a cached prefix. Default 2,048. */
  readonly gapTokens?: number;
  /** Ratio to the least load that is put up with. Default 1.5. */
  readonly gapRatio?: number;
}

/** A choice and its reason. */
export interface Choice {
  readonly replica: string;
  /** `prefix`: something of the prompt is cached there. `cold`: by rendezvous. `load`: the cached ones are overloaded. */
  readonly by: 'prefix' | 'cold' | 'load';
  /** Tokens of the prompt that are probably cached there. */
  readonly cachedTokens: number;
}

/** Chooses a replica; undefined when all are full or have not been heard of for too long. */
export function chooseReplica(
  request: RoutedRequest,
  replicas: readonly KnownReplica[],
  nowMs: number,
  { staleMs = 200, gapTokens = 2_048, gapRatio = 1.5 }: RoutingOptions = {},
): Choice | undefined {
  const open = replicas
    .filter(({ report, heardMs }) => !report.full && nowMs - heardMs <= staleMs)
    .map(({ report }) => ({ report, load: loadOf(report), cached: cachedTokens(request, report) }));
  const least = Math.min(...open.map(({ load }) => load));
  const bearable = open.filter(({ load }) => load - least <= gapTokens || load <= least * gapRatio);
  if (bearable.length === 0) return undefined;
  const warm = bearable.some(({ cached }) => cached > 0);
  if (!warm && request.blocks.length > 0 && open.every(({ cached }) => cached === 0)) {
    const nodes = bearable.map(({ report }) => ({ id: report.replica }));
    const home = best(String(request.blocks[0]), nodes);
    if (home !== undefined) return { replica: home.id, by: 'cold', cachedTokens: 0 };
  }
  const [first] = bearable.toSorted(
    (a, b) =>
      costOf(request, a) - costOf(request, b) ||
      b.report.freeSlots - a.report.freeSlots ||
      (a.report.replica < b.report.replica ? -1 : 1),
  );
  if (first === undefined) return undefined;
  return { replica: first.report.replica, by: first.cached > 0 ? 'prefix' : 'load', cachedTokens: first.cached };
}

function loadOf({ queueTokens, decodeTokens, slots }: ReplicaReport): number {
  return (queueTokens + decodeTokens) / Math.max(1, slots);
}

function costOf(request: RoutedRequest, { load, cached }: { readonly load: number; readonly cached: number }): number {
  return request.promptTokens - cached + load;
}

/** Tokens of the blocks at the beginning that the replica has, as a share of the prompt. */
function cachedTokens({ blocks, promptTokens }: RoutedRequest, report: ReplicaReport): number {
  if (blocks.length === 0) return 0;
  const has = new Set(report.blocks);
  const missing = blocks.findIndex((block) => !has.has(block));
  const shared = missing === -1 ? blocks.length : missing;
  return Math.floor((promptTokens * shared) / blocks.length);
}
