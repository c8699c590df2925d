/**
 * Stories of small groups as text, in `test/testdata/swim/`. Each command prints what nodes reported because of it.
 *
 *     group n1 n2 n3                  starts nodes that know each other
 *     start n4 seed=n1                starts one more; address=@x elsewhere than at @n4
 *     alive m 5 to=n1                 a message from a peer; also suspect, dead (from=n9) and left
 *     run 3s                          time passes for all
 *     hang n1 30s                     time passes for all but one, and then for that one as well
 *     cut n1 n2 | n3, heal            who hears whom
 *     kill n2, leave n2, set n2 key=value, transport n2 down
 *     view                            what each believes of all
 */
import t from 'tap';
import { type Command, runScenarios } from '#test/support/datadriven';
import { alive, dead, Group, suspect } from './group.js';

const ms = (time = '0'): number => (time.endsWith('ms') ? Number.parseFloat(time) : 1_000 * Number.parseFloat(time));

function interpreter(): (command: Command) => string {
  const group = new Group();
  /** What nodes have reported since, a line each that has something to report. */
  const news = (): string => {
    const lines = [...group.nodes].flatMap(([address, { events, effects }]) => {
      const done = effects.flatMap(({ type }) => (type === 'left' ? ['has left'] : []));
      const said = [...group.events(address), ...done];
      events.length = 0;
      effects.length = 0;
      return said.length === 0 ? [] : [`${address}: ${said.join(', ')}`];
    });
    return lines.join('\n');
  };
  const view = (): string =>
    [...group.nodes]
      .map(([address, { state }]) => {
        const members = [...state.members.values()].toSorted((one, other) => (one.node < other.node ? -1 : 1));
        return `${address}: ${members.map(({ node, status, incarnation }) => `${node} ${status} ${incarnation}`).join(', ')}`;
      })
      .join('\n');
  const cut = (parts: readonly string[]): void => {
    const partOf = (address: string): number => parts.findIndex((part) => part.split(' ').includes(address.slice(1)));
    group.passes = ({ from, to }) => partOf(from) === partOf(to);
  };
  const peer = ({ name, words: [node = '', incarnation = ''], options }: Command): void => {
    const number = Number(incarnation);
    const from = options['from'] ?? 'n9';
    const address = options['address'] ?? `@${node}`;
    const message =
      name === 'alive'
        ? alive(node, number, { address })
        : name === 'suspect'
          ? suspect(node, number, from)
          : dead(node, number, name === 'left' ? node : from);
    group.receive(`@${options['to']}`, message);
  };
  return (command) => {
    const { name, words, options } = command;
    const [first = '', second = ''] = words;
    switch (name) {
      case 'group':
        group.together(...words);
        return view();
      case 'start': {
        const address = options['address'] ?? `@${first}`;
        group.start(first, { address });
        group.step(address, { type: 'join', seeds: [`@${options['seed']}`] });
        group.deliver();
        break;
      }
      case 'alive':
      case 'suspect':
      case 'dead':
      case 'left':
        peer(command);
        break;
      case 'run':
        group.run(ms(first));
        break;
      case 'hang': {
        const { passes } = group;
        group.passes = (packet) => packet.to !== `@${first}` && passes(packet);
        group.run(
          ms(second),
          [...group.nodes.keys()].filter((address) => address !== `@${first}`),
        );
        group.passes = passes;
        break;
      }
      case 'cut':
        cut(words.join(' ').split(' | '));
        break;
      case 'heal':
        group.passes = () => true;
        break;
      case 'kill':
        group.kill(`@${first}`);
        break;
      case 'leave':
        group.step(`@${first}`, { type: 'leave' });
        break;
      case 'set':
        for (const [key, value] of Object.entries(options))
          group.step(`@${first}`, { type: 'set-metadata', changes: [{ key, value }] });
        break;
      case 'transport':
        group.step(`@${first}`, { type: 'transport', up: second === 'up' });
        break;
      case 'view':
        return view();
      default:
        throw new Error(`${command.at}: what is ${name}?`);
    }
    return news();
  };
}

runScenarios(t, 'swim', interpreter);
