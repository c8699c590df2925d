/**
 * The protocols that `skep simulate` knows: a line each, loaded when it is asked for. Beside them it takes models from
 * modules that are named on the command line, so that authors of other protocols use the same command.
 */
import { pathToFileURL } from 'node:url';
import { SkepError } from '#protocols/wire/error';
import type { Model } from '#runtime/simulation/model';

/** The trace of a run in a form that another program checks, a line each. */
type OtherTrace = (seed: number) => Iterable<string>;

/** A model by its name. */
interface Entry {
  readonly load: () => Promise<Model>;
  /** Its runs in the form of etcd's traces of raft, where it has that. */
  readonly etcdTrace?: () => Promise<OtherTrace>;
}

/** The models that are shipped, in the order of `all`. */
const shipped: Readonly<Record<string, Entry>> = {
  raft: {
    load: async () => (await import('#runtime/simulation/raft/index')).raftModel,
    etcdTrace: async () => (await import('#runtime/simulation/raft/etcd-trace')).etcdTrace,
  },
  swim: { load: async () => (await import('#runtime/simulation/swim/index')).swimModel },
  'swim-stall': { load: async () => (await import('#runtime/simulation/swim/index')).swimStallModel },
  pbft: { load: async () => (await import('#runtime/simulation/pbft/index')).pbftModel },
  crdt: { load: async () => (await import('#runtime/simulation/crdt/index')).crdtModel },
  quorum: { load: async () => (await import('#runtime/simulation/quorum/index')).quorumModel },
  delivery: { load: async () => (await import('#runtime/simulation/delivery/index')).deliveryModel },
  cluster: { load: async () => (await import('#runtime/simulation/cluster/index')).clusterModel },
};

/** Names of the shipped models. */
export const shippedModels: readonly string[] = Object.keys(shipped);

/** Models by name: those that are shipped, and those of modules. */
export class Models {
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  /**
   * `modules` are paths or URLs of modules; everything they export that has the form of a model is one.
   * @throws SkepError MODULE_FAILED for a module that does not load or has no model.
   */
  static async of(modules: readonly string[]): Promise<Models> {
    const entries = new Map(Object.entries(shipped));
    for (const path of modules) {
      // oxlint-disable-next-line no-await-in-loop -- in their order: the later of two with one name counts
      for (const model of await modelsIn(path)) entries.set(model.name, { load: async () => model });
    }
    return new Models(entries);
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** @throws SkepError BAD_USAGE for a name that no model has. */
  async load(name: string): Promise<Model> {
    return this.#entry(name).load();
  }

  /** @throws SkepError BAD_USAGE when its runs cannot be told in that form. */
  async etcdTrace(name: string): Promise<OtherTrace> {
    const { etcdTrace } = this.#entry(name);
    if (etcdTrace === undefined)
      throw new SkepError('BAD_USAGE', `--trace-format: the model ${name} has no traces in the form of etcd`);
    return etcdTrace();
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const known = this.names;
    const there = known.length === 0 ? 'there are none' : `there are: ${[...known, 'all'].join(', ')}`;
    throw new SkepError('BAD_USAGE', `no model "${name}"; ${there}`, { known });
  }
}

async function modelsIn(path: string): Promise<readonly Model[]> {
  const url = path.startsWith('file:') ? path : pathToFileURL(path).href;
  let found: readonly Model[];
  try {
    found = Object.values((await import(url)) as Record<string, unknown>).filter(isModel);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SkepError('MODULE_FAILED', `${path} could not be loaded: ${why}`, { path }, error);
  }
  if (found.length === 0) throw new SkepError('MODULE_FAILED', `${path} exports no model of a protocol`, { path });
  return found;
}

function isModel(value: unknown): value is Model {
  if (typeof value !== 'object' || value === null) return false;
  const { name, faults, sometimes, plan, start } = value as Partial<Model>;
  const functions = typeof plan === 'function' && typeof start === 'function';
  return typeof name === 'string' && Array.isArray(faults) && Array.isArray(sometimes) && functions;
}
