/** Scenarios of the quorum store as text: `test/testdata/quorum/*.txt`. */
import { commitRing, joinRing, leaveRing } from '#protocols/quorum/membership';
import type { QuorumSettings } from '#protocols/quorum/settings';
import type { QuorumResult } from '#protocols/quorum/state';
import { runScenarios, type Command } from '#test/support/datadriven';
import t from 'tap';
import { Cluster } from './cluster.js';

const TOKENS = 8;

/** Commands of one file run against one cluster. */
function interpreter(): (command: Command) => string {
  let cluster = new Cluster([]);
  let operations = 0;
  /** The last context of each key. */
  const contexts = new Map<string, string>();

  const show = (result: QuorumResult | undefined): string => {
    if (result === undefined) return 'no answer yet';
    if (result.type === 'unavailable') return `unavailable: ${result.answered} of ${result.needed}`;
    if (result.type === 'redirect') return `redirect: ${result.to.join(' ')}`;
    if (result.type !== 'ok') return result.type;
    const values = result.values.map((value) => Buffer.from(value).toString()).toSorted();
    return `${result.quorum}: ${values.length === 0 ? 'nothing' : values.join(' ')}`;
  };
  const news = (before: number): string => cluster.counted.slice(before).join('\n');
  const operate = ({ name, words: [id = '', key = '', value], options }: Command): string => {
    const operation = `o${(operations += 1)}`;
    const seen = options['seen'] === 'yes' ? cluster.contextOf(contexts.get(key) ?? '') : [];
    if (name === 'get') cluster.get(id, operation, key);
    else cluster.put(id, operation, key, name === 'delete' ? undefined : value, seen);
    const before = cluster.counted.length;
    if (options['wait'] === undefined) cluster.deliver();
    else cluster.tick(Number(options['wait']));
    contexts.set(key, operation);
    return [show(cluster.results.get(operation)), news(before)].join('\n').trim();
  };
  const held = (key: string): string =>
    [...cluster.disks.keys()]
      .map((id) => {
        const values = cluster.held(id, key);
        return `${id}: ${values === undefined ? '-' : values.length === 0 ? 'tombstone' : values.toSorted().join(' ')}`;
      })
      .join('\n');

  return (command) => {
    const { name, words, options } = command;
    const [first = '', second = ''] = words;
    const before = cluster.counted.length;
    switch (name) {
      case 'nodes': {
        const numbers = (['n', 'r', 'w', 'maxHints', 'graceTicks'] as const).flatMap((key) =>
          options[key] === undefined ? [] : [[key, Number(options[key])] as const],
        );
        const settings: Partial<QuorumSettings> = {
          sloppy: options['sloppy'] === 'yes',
          weak: options['weak'] === 'yes',
          ...Object.fromEntries(numbers),
        };
        cluster = new Cluster(words, settings, TOKENS);
        return 'ok';
      }
      case 'put':
      case 'delete':
      case 'get':
        return operate(command);
      case 'down':
        for (const id of words) cluster.stop(id);
        return 'ok';
      case 'up':
        for (const id of words) cluster.start(id);
        return 'ok';
      case 'wipe':
        cluster.wipe(first);
        return 'ok';
      case 'cut':
        cluster.cut(first, second);
        return 'ok';
      case 'mend':
        cluster.mend();
        return 'ok';
      case 'tick':
        cluster.tick(Number(first));
        return news(before);
      case 'held':
        return held(first);
      case 'join':
        cluster.ring = joinRing(cluster.ring, first, TOKENS);
        if (!cluster.nodes.has(first)) cluster.start(first);
        cluster.tell(cluster.ring);
        return `epoch ${cluster.ring.epoch}`;
      case 'leave':
        cluster.tell(leaveRing(cluster.ring, first));
        return `epoch ${cluster.ring.epoch}`;
      case 'commit':
        cluster.tell(commitRing(cluster.ring));
        return `epoch ${cluster.ring.epoch}: ${cluster.ring.members.map(({ id }) => id).join(' ')}`;
      case 'synced':
        return cluster.synced.join('\n');
      default:
        throw new Error(`${command.at}: there is no command ${name}`);
    }
  };
}

runScenarios(t, 'quorum', interpreter);
