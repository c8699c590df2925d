/**
 * Scenarios of replication as text, in `test/testdata/crdt/`. UPDATE_SCENARIOS=1 rewrites what is expected.
 *
 * | command                          | does                                                                        |
 * |----------------------------------|-----------------------------------------------------------------------------|
 * | `nodes a b c deltas=64`          | starts nodes that know each other; `deltas` is the room of a buffer         |
 * | `do a or-set x add e`            | an operation at a node                                                     |
 * | `tick a b`                       | ticks at the nodes, and says what they send                                 |
 * | `deliver a>b b>a`                | delivers what waits on these links, or on all, and says what comes of it    |
 * | `lose a>b`                       | loses what waits on these links, or on all                                  |
 * | `run 10 cut=(a>b b>a)`           | as many ticks, with all delivered but what the cut loses; says the values   |
 * | `show`                           | says each node's documents                                                  |
 * | `restart a damaged`, `wipe a`    | the node starts again, with its store, with a damaged one, or with none     |
 * | `members a b c`                  | whom a node takes part with                                                 |
 * | `clock 3600000`                  | sets all wall clocks ahead by milliseconds                                  |
 * | `adopt a c.3`, `retire a c.3`    | prunes a departed replica                                                   |
 */
import type { ReplicaId } from '#protocols/crdt/dot';
import { contains } from '#protocols/crdt/context';
import { type Kind, kinds } from '#protocols/crdt/kind';
import type { Operation } from '#protocols/crdt/operation';
import { decodeMessage } from '#protocols/crdt/packet';
import { readDocument } from '#protocols/crdt/replica';
import type { ReplicaEffect, ReplicaState } from '#protocols/crdt/state';
import { describeValue } from '#runtime/simulation/crdt/invariants';
import t from 'tap';
import { type Command, runScenarios } from '#test/support/datadriven';
import { bytes } from './history.js';
import { Net, type Sent } from './network.js';

class Scenario {
  #net = new Net([]);

  run({ name, words, options }: Command): string {
    const [node = '', ...rest] = words;
    switch (name) {
      case 'nodes':
        this.#net = new Net(words, { deltasPerDocument: Number(options.deltas ?? 64) });
        return this.#replicas();
      case 'do':
        return this.#do(node, rest);
      case 'tick':
        this.#net.tick(...words);
        return this.#waiting();
      case 'deliver':
        return this.#take(words)
          .map((sent) => this.#hand(sent))
          .join('\n');
      case 'lose':
        return this.#take(words)
          .map((sent) => `lost ${say(sent)}`)
          .join('\n');
      case 'run':
        return this.#ticks(Number(node), (options.cut ?? '').split(' '));
      case 'show':
        return this.#show();
      case 'wipe':
        this.#net.disks.delete(node);
        return this.#restart(node, false);
      case 'restart':
        return this.#restart(node, rest.includes('damaged'));
      case 'members':
        this.#net.neighbours(node, rest);
        return '';
      case 'clock':
        this.#net.wallMs += Number(node);
        return '';
      case 'adopt':
      case 'retire':
        return said(this.#net.input(node, { type: name, id: 1, departed: (rest[0] ?? '') as ReplicaId }));
      default:
        throw new Error(`there is no command ${name}`);
    }
  }

  #do(node: string, [kind = '', document = '', ...words]: readonly string[]): string {
    this.#net.mutate(node, asKind(kind), document, operation(words));
    return `${said(this.#net.effects)}: ${describeValue(this.#net.value(node, asKind(kind), document))}`;
  }

  #ticks(count: number, cut: readonly string[]): string {
    this.#net.run(count, (_, { from, to }) => !cut.includes(`${from}>${to}`));
    return this.#show();
  }

  #restart(node: string, damaged: boolean): string {
    this.#net.restart(node, damaged);
    return this.#replicas(node);
  }

  #replicas(...only: readonly string[]): string {
    const some = only.length > 0 ? only : [...this.#net.replicas.keys()];
    return some.map((node) => `${node} is ${this.#net.at(node).replica}`).join('\n');
  }

  /** Takes what waits on some links, or on all. */
  #take(links: readonly string[]): readonly Sent[] {
    const chosen = (sent: Sent): boolean => links.length === 0 || links.includes(`${sent.from}>${sent.to}`);
    const taken = this.#net.sent.filter(chosen);
    this.#net.sent = this.#net.sent.filter((sent) => !chosen(sent));
    return taken;
  }

  #hand(sent: Sent): string {
    this.#net.hand(sent);
    const { effects } = this.#net;
    return `${say(sent)}${effects.length > 0 ? ` -> ${said(effects)}` : ''}`;
  }

  #waiting(): string {
    return this.#net.sent.map(say).join('\n');
  }

  #show(): string {
    return [...this.#net.replicas].map(([node, state]) => show(node, state)).join('\n');
  }
}

function show(node: string, state: ReplicaState): string {
  if (state.stopped !== undefined) return `${node}: stopped, ${state.stopped}`;
  const documents = [...state.documents.values()].map(({ kind, name, state: causal, deltas, seq }) => {
    const seen = [...causal.context.keys()].map((replica) => {
      let last = 0;
      while (contains(causal.context, { replica, counter: last + 1 })) last += 1;
      return `${replica}:${last}`;
    });
    const value = describeValue(readDocument(state, kind, name));
    return `${kind} ${name}@${seq} = ${value} seen ${seen.toSorted().join(' ')} buffers ${deltas.length}`;
  });
  return `${node}: ${documents.join('; ')}`;
}

/** The message of a packet in words. */
function say({ from, to, packet }: Sent): string {
  const message = decodeMessage(packet);
  const link = `${from}>${to} ${message.type}`;
  switch (message.type) {
    case 'digest':
      return `${link}${message.ask ? ' ask' : ''}${message.retired.length > 0 ? ` retired ${message.retired.join(' ')}` : ''}`;
    case 'buckets':
      return link;
    case 'summary':
      return `${link} ${message.documents.map(({ name, seq }) => `${name}@${seq}`).join(' ')}`;
    case 'deltas':
      return `${link} ${message.groups.map((group) => `${group.name}[${group.from},${group.to})`).join(' ')}`;
    case 'acks':
      return `${link} ${message.acks.map(({ name, seq, gap }) => `${name}@${seq}${gap ? ' gap' : ''}`).join(' ')}`;
  }
}

/** Effects in words, but sends, which wait to be seen. */
function said(effects: readonly ReplicaEffect[]): string {
  return effects
    .map((effect) => {
      if (effect.type === 'refuse' || effect.type === 'stop') return `${effect.type} ${effect.reason}`;
      return effect.type === 'send' ? `send ${effect.message.type}` : effect.type;
    })
    .join(', ');
}

function operation([verb = '', ...rest]: readonly string[]): Operation {
  const [first = '', second = ''] = rest;
  switch (verb) {
    case 'increment':
    case 'decrement':
      return { type: verb, by: Number(first) };
    case 'assign':
      return { type: verb, value: bytes(first) };
    case 'add':
    case 'remove':
      return { type: verb, element: first };
    case 'put':
      return { type: verb, key: first, value: bytes(second) };
    case 'delete':
      return { type: verb, key: first };
    case 'drop':
      return { type: verb, kind: asKind(first), key: second };
    case 'update':
      return { type: verb, kind: asKind(first), key: second, operation: operation(rest.slice(2)) };
    case 'enable':
    case 'disable':
    case 'clear':
      return { type: verb };
    default:
      throw new Error(`there is no operation ${verb}`);
  }
}

function asKind(word: string): Kind {
  const kind = kinds.find((one) => one === word);
  if (kind === undefined) throw new Error(`there is no kind ${word}`);
  return kind;
}

runScenarios(t, 'crdt', () => {
  const scenario = new Scenario();
  return (command) => scenario.run(command);
});
