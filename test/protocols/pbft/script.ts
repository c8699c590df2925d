/**
 * Whole groups in text scenarios. Messages wait until `deliver`, which carries them in the order in which they were sent;
 * a replica is named n1 to n4 there, as in the simulator. What is printed is what happened, not who said what.
 *
 *     group [n=4] [K=4] [L=8] [timeout=5] [status=1000]   new replicas
 *     request CLIENT TIMESTAMP [to=(n1 n2)]               a client sends a request; to the first replica by default
 *     deliver                                             all messages, until there are none
 *     tick COUNT                                          time passes for everybody
 *     cut n1 n2 / heal                                    what these send and are sent is lost / is not any more
 *     kill n1 / restart n1                                the process dies / starts from its disk
 *     lie prepare|commit|checkpoint|view-change|propose as=n1 to=(n2 n3) ...   anything in the name of a faulty replica
 *     states                                              where everybody is
 */
import type { PbftMessage, Signed, Request } from '#protocols/pbft/message';
import { pbftSettings } from '#protocols/pbft/settings';
import type { Command } from '../../support/datadriven.js';
import { Bench, checkpoint, digestOf, messageWords, prePrepare, proposal, request, viewChange, vote } from './bench.js';

const TOLD = /^(committed|execute|reply|changing-view|entered-view|stable|restore|refused)/;

/** A group that is told what to do. */
export class Script {
  #benches: Bench[] = [];
  readonly #dead = new Set<number>();
  readonly #cut = new Set<number>();

  /** Runs a command; what it gives is what it prints. */
  run({ name, words, options }: Command): string {
    switch (name) {
      case 'group':
        return this.#group(options);
      case 'request':
        return this.#request(words, options);
      case 'deliver':
        return this.#deliver().join('\n');
      case 'tick':
        return this.#tick(Number(words[0])).join('\n');
      case 'cut':
        for (const word of words) this.#cut.add(id(word));
        return '';
      case 'heal':
        this.#cut.clear();
        return '';
      case 'kill':
        for (const word of words) this.#dead.add(id(word));
        return '';
      case 'restart':
        return words.flatMap((word) => this.#restart(id(word))).join('\n');
      case 'lie':
        return this.#lie(words, options).join('\n');
      case 'states':
        return this.#states().join('\n');
      default:
        throw new Error(`there is no command ${name}`);
    }
  }

  #group({ n = '4', K = '4', L = '8', timeout = '5', status = '1000' }: Command['options']): string {
    const settings = pbftSettings({
      ...{ replicas: Number(n), checkpointEvery: Number(K), logSize: Number(L), maxBatch: 4 },
      ...{ timeoutTicks: Number(timeout), statusTicks: Number(status) },
    });
    this.#benches = Array.from({ length: settings.replicas }, (_, replica) => new Bench(replica, settings));
    return '';
  }

  #request([client = '', timestamp = '']: readonly string[], { to = 'n1' }: Command['options']): string {
    const message = request(client, Number(timestamp), `${client}${timestamp}`);
    return ids(to)
      .flatMap((replica) => this.#hand(replica, message))
      .join('\n');
  }

  #hand(replica: number, message: PbftMessage): readonly string[] {
    if (this.#dead.has(replica)) return [];
    return this.#told(replica, this.#benches[replica]?.receive(message) ?? []);
  }

  #told(replica: number, words: readonly string[]): readonly string[] {
    return words.filter((word) => TOLD.test(word)).map((word) => `n${replica + 1} ${word}`);
  }

  #deliver(): readonly string[] {
    const lines: string[] = [];
    for (let busy = true; busy; ) {
      busy = false;
      for (const [from, bench] of this.#benches.entries())
        for (const { to, message } of bench.sent.splice(0)) {
          busy = true;
          for (const replica of to)
            if (!this.#cut.has(from) && !this.#cut.has(replica)) lines.push(...this.#hand(replica, message));
        }
    }
    return lines;
  }

  #tick(count: number): readonly string[] {
    const lines: string[] = [];
    for (let tick = 0; tick < count; tick += 1)
      for (const [replica, bench] of this.#benches.entries())
        if (!this.#dead.has(replica)) lines.push(...this.#told(replica, bench.tick()));
    return lines;
  }

  #restart(replica: number): readonly string[] {
    this.#dead.delete(replica);
    const bench = this.#benches[replica];
    bench?.sent.splice(0);
    return this.#told(replica, bench?.restart() ?? []);
  }

  #lie([what = '']: readonly string[], options: Command['options']): readonly string[] {
    const { as = 'n1', to = '', batch = '' } = options;
    const [view, seq] = [Number(options['view'] ?? 0), Number(options['seq'] ?? 1)];
    const requests = batch
      .split(' ')
      .filter((word) => word !== '')
      .map(requestOf);
    const order = prePrepare(view, seq, ...requests);
    const make = (): PbftMessage => {
      switch (what) {
        case 'propose':
          return proposal(view, seq, ...requests);
        case 'prepare':
        case 'commit':
          return vote(what, id(as), order);
        case 'checkpoint':
          return checkpoint(id(as), seq, options['digest'] ?? digestOf(...requests));
        case 'view-change':
          return viewChange(id(as), view);
        default:
          throw new Error(`nobody can lie by ${what}`);
      }
    };
    return ids(to).flatMap((replica) => this.#hand(replica, make()));
  }

  #states(): readonly string[] {
    return this.#benches.map(({ state, service, sent }, replica) => {
      const { view, active, stable, executed } = state;
      const dead = this.#dead.has(replica) ? ' dead' : '';
      const waits = sent.length === 0 ? '' : ` sends ${sent.map(({ message }) => messageWords(message)).join(', ')}`;
      return `n${replica + 1}${dead} view ${view}${active ? '' : '?'} stable ${stable.seq} executed ${executed} [${service.join(' ')}]${waits}`;
    });
  }
}

function id(word: string): number {
  return Number(word.slice(1)) - 1;
}

function ids(words: string): readonly number[] {
  return words
    .split(' ')
    .filter((word) => word !== '')
    .map(id);
}

/** `a:1` is request 1 of client a. */
function requestOf(word: string): Signed<Request> {
  const [client = '', timestamp = ''] = word.split(':');
  return request(client, Number(timestamp), `${client}${timestamp}`);
}
