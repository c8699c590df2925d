/**
 * The text scenarios of `test/testdata/raft`: a cluster whose every step is a command.
 *
 *     nodes 3 [setting=value ...] [learners=(n4 n5)]      a new group of n1 ... n3
 *     node n1 term=8 [vote=n2] [commit=3] log=(1 1 4)     restarted with these terms in its log, from the entry 2 on
 *     join n4                                              an empty node that is in no configuration
 *     campaign | tick | propose | read | forget | status   of a node, with a count, text or id
 *     change n1 add-voter=n4 remove=n2 [joint-explicit]    without changes: leave the joint configuration
 *     transfer n1 n3
 *     deliver [messages] [to=n2] [type=append] [count=1]   until nothing is under way; prints what is seen outside
 *     lose [to=n2] [type=append] | partition n1 | n2 n3 | isolate n1 | heal
 *     hold n1 | release n1 [one] | crash n1 | restart n1 [lose-from=5] [amnesiac] | snapshot n1
 *     log | progress n1 | machine n1
 */
import t from 'tap';
import { membersOf, newConfig } from '#protocols/raft/config';
import type { MemberChange } from '#protocols/raft/types';
import { type Command, runScenarios } from '../../support/datadriven.js';
import { Cluster, type Flight, type Options } from './cluster.js';
import { wordsOfEntry, wordsOfMessage, wordsOfProgress, wordsOfState } from './words.js';

type Act = (cluster: Cluster, command: Command) => readonly string[] | void;

const acts: Readonly<Record<string, Act>> = {
  nodes: () => [],
  node: (cluster, { words: [id = ''], options }) => {
    const terms = (options.log ?? '').split(' ').filter((term) => term !== '');
    const config = newConfig(cluster.ids);
    cluster.start(id, {
      type: 'restart',
      hardState: {
        term: Number(options.term),
        vote: options.vote,
        commit: Number(options.commit ?? 1),
        damaged: false,
        amnesiac: false,
      },
      snapshot: { index: 1, term: 1, config },
      entries: terms.map((term, at) => ({
        type: 'normal',
        index: at + 2,
        term: Number(term),
        id: `${term}.${at + 2}`,
        data: new TextEncoder().encode(`${term}.${at + 2}`),
      })),
      damaged: false,
    });
    cluster.takeEvents();
  },
  join: (cluster, { words: [id = ''] }) => cluster.start(id, { type: 'join' }),
  campaign: (cluster, { words: [id = ''] }) => cluster.step(id, { type: 'campaign' }),
  tick: (cluster, { words: [id = '', count = '1'] }) => cluster.tick(id, Number(count)),
  propose: (cluster, { words: [id = '', ...texts] }) => {
    for (const text of texts) cluster.propose(id, text);
  },
  read: (cluster, { words: [id = '', read = ''], options }) =>
    cluster.step(id, {
      type: 'read',
      id: read,
      ...(options.late === undefined ? {} : { lateTicks: Number(options.late) }),
    }),
  forget: (cluster, { words: [id = ''] }) => cluster.step(id, { type: 'forget-leader' }),
  change: (cluster, { words: [id = '', transition], options }) => {
    const changes = Object.entries(options).flatMap(([type, nodes]) =>
      nodes.split(' ').map((node): MemberChange => ({ type: type as MemberChange['type'], node })),
    );
    cluster.step(id, {
      type: 'change',
      id: 'change',
      change: { transition: (transition as 'joint-explicit' | undefined) ?? 'auto', changes },
    });
  },
  transfer: (cluster, { words: [id = '', to = ''] }) => cluster.step(id, { type: 'transfer', id: 'transfer', to }),
  unreachable: (cluster, { words: [id = '', node = ''] }) => cluster.step(id, { type: 'unreachable', node }),
  deliver: (cluster, command) => deliver(cluster, command),
  lose: (cluster, command) => cluster.lose(fits(command)),
  partition: (cluster, { words }) =>
    cluster.partition(
      ...words
        .join(' ')
        .split('|')
        .map((side) => side.trim().split(' ')),
    ),
  isolate: (cluster, { words: [id = ''] }) => cluster.isolate(id),
  heal: (cluster) => cluster.heal(),
  hold: (cluster, { words: [id = ''] }) => cluster.hold(id),
  release: (cluster, { words: [id = '', one] }) => cluster.release(id, one === undefined),
  crash: (cluster, { words: [id = ''] }) => cluster.crash(id),
  restart: (cluster, { words: [id = '', how], options }) => {
    if (how === 'amnesiac') return cluster.start(id, { type: 'amnesiac' });
    const found = cluster.restart(id);
    const lost = options['lose-from'];
    if (lost === undefined) return cluster.start(id);
    const entries = found.entries.filter(({ index }) => index < Number(lost));
    return cluster.start(id, { ...found, entries, damaged: true });
  },
  snapshot: (cluster, { words: [id = ''] }) => cluster.snapshot(id),
  status: (cluster, { words }) =>
    (words.length > 0 ? words : cluster.ids).map((id) =>
      cluster.up(id) ? wordsOfState(cluster.state(id)) : `${id}: down`,
    ),
  log: (cluster, { words }) =>
    (words.length > 0 ? words : cluster.ids).map((id) => {
      const { log } = cluster.state(id);
      return `${id}: ${log.baseTerm}/${log.base} | ${log.entries.map(wordsOfEntry).join(', ')}`;
    }),
  progress: (cluster, { words: [id = ''] }) => {
    const { config, progress } = cluster.state(id);
    return membersOf(config).flatMap((member) => {
      const known = progress.get(member);
      return known === undefined ? [] : [wordsOfProgress(known)];
    });
  },
  machine: (cluster, { words }) =>
    (words.length > 0 ? words : cluster.ids).map((id) => `${id}: ${cluster.machine(id).join(' ')}`),
};

function deliver(cluster: Cluster, command: Command): readonly string[] {
  const chosen = fits(command);
  const limit = Number(command.options.count ?? 'Infinity');
  const lines: string[] = [];
  for (let count = 0; count < limit; count += 1) {
    const flight = cluster.flights.find(chosen);
    if (flight === undefined) break;
    if (count > 10_000) throw new Error(`${command.at}: they talk for ever`);
    cluster.deliverOne((one) => one === flight);
    if (command.words.includes('messages')) {
      const lost = cluster.cuts.has(`${flight.from}>${flight.to}`) ? ' (lost)' : '';
      lines.push(`${flight.from}>${flight.to} ${wordsOfMessage(flight.message)}${lost}`);
    }
    lines.push(...cluster.takeEvents().map((event) => (command.words.includes('messages') ? `  ${event}` : event)));
  }
  return lines;
}

function fits({ options }: Command): (flight: Flight) => boolean {
  return ({ from, to, message }) =>
    (options.from === undefined || options.from === from) &&
    (options.to === undefined || options.to === to) &&
    (options.type === undefined || options.type === message.type);
}

function optionsOf({ options: { learners, ...given } }: Command): Options {
  const settings = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key,
      /^(true|false|[\d.]+)$/.test(value) ? (JSON.parse(value) as unknown) : value,
    ]),
  );
  return { ...(settings as Options), ...(learners === undefined ? {} : { learners: learners.split(' ') }) };
}

runScenarios(t, 'raft', () => {
  let cluster = new Cluster(0);
  return (command) => {
    if (command.name === 'nodes') cluster = new Cluster(Number(command.words[0]), optionsOf(command));
    const act = acts[command.name];
    if (act === undefined) throw new Error(`${command.at}: there is no command ${command.name}`);
    const lines = act(cluster, command) ?? [];
    return [...lines, ...cluster.takeEvents()].join('\n');
  };
});
