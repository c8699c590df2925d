/** Bugs planted in SWIM. Each is one that an implementation has had, or would have by a slip of the hand. */
import type { Mutant } from './mutant.js';

const folder = 'protocols/swim';

export const swimMutants: readonly Mutant[] = [
  {
    name: 'a refutation does not bump the incarnation',
    file: `${folder}/refute.js`,
    find: 'self.incarnation = Math.max(self.incarnation, accused) + 1;',
    replace: 'self.incarnation = Math.max(self.incarnation, accused);',
  },
  {
    name: 'a refutation stays below the incarnation that it answers',
    file: `${folder}/refute.js`,
    find: 'self.incarnation = Math.max(self.incarnation, accused) + 1;',
    replace: 'self.incarnation += 1;',
  },
  {
    name: 'a suspicion of an old incarnation is accepted',
    file: `${folder}/suspect.js`,
    find: `export function onSuspect(state, message, effects) {
    const member = state.members.get(message.node);
    if (member === undefined || message.incarnation < member.incarnation) {`,
    replace: `export function onSuspect(state, message, effects) {
    const member = state.members.get(message.node);
    if (member === undefined) {`,
  },
  {
    name: 'a death of an old incarnation overrides a newer alive',
    file: `${folder}/suspect.js`,
    find: `export function onDead(state, message, effects) {
    const member = state.members.get(message.node);
    if (member === undefined || message.incarnation < member.incarnation) {`,
    replace: `export function onDead(state, message, effects) {
    const member = state.members.get(message.node);
    if (member === undefined) {`,
  },
  {
    name: 'an alive of the same incarnation overrides a death',
    file: `${folder}/alive.js`,
    find: 'if (message.incarnation <= member.incarnation && !moves)',
    replace: 'if (message.incarnation < member.incarnation && !moves)',
  },
  {
    name: 'a suspicion never runs out',
    file: `${folder}/suspect.js`,
    find: 'if (state.nowMs < deadlineMs)',
    replace: 'if (deadlineMs > 0)',
  },
  {
    name: 'a refuted suspicion runs on',
    file: `${folder}/alive.js`,
    find: 'state.suspicions.delete(member.node);',
    replace: '',
  },
  {
    name: 'a suspicion does not shrink when others confirm it',
    file: `${folder}/suspicion.js`,
    find: 'suspicion.deadlineMs = sinceMs + suspicionTimeoutMs(confirmationsOf(suspicion), wanted, minMs, maxMs);',
    replace: '',
  },
  {
    name: 'awareness never goes down',
    file: `${folder}/awareness.js`,
    find: 'Math.min(multiplier - 1, score + change)',
    replace: 'Math.min(multiplier - 1, Math.max(score, score + change))',
  },
  {
    name: 'messages are sent without a limit',
    file: `${folder}/queue.js`,
    find: `    return retransmitMult * Math.ceil(Math.log10(n + 1));`,
    replace: `    return Number.POSITIVE_INFINITY;`,
  },
  {
    name: 'gossip is put into packets without regard to their size',
    file: `${folder}/queue.js`,
    find: 'if (size > left)',
    replace: 'if (size < 0)',
  },
  {
    name: 'a leave is treated as a death',
    file: `${folder}/suspect.js`,
    find: 'const left = message.from === message.node;',
    replace: 'const left = false;',
  },
  {
    name: 'a node that leaves is suspected by those who know',
    file: `${folder}/suspect.js`,
    find: `if (member.status !== 'alive')`,
    replace: `if (member.status === 'suspect')`,
  },
  {
    name: 'a node believes that it is dead',
    file: `${folder}/suspect.js`,
    find: `if (message.node === state.node && state.phase === 'running')`,
    replace: 'if (message.node === state.nobody)',
  },
  {
    name: 'a node does not refute what is believed of its life before',
    file: `${folder}/alive.js`,
    find: 'if (incarnation < self.incarnation || known)',
    replace: 'if (incarnation <= self.incarnation || !known)',
  },
  {
    name: 'a ping is answered for whoever was there before',
    file: `${folder}/probe.js`,
    find: 'if (node !== state.node)',
    replace: 'if (node === undefined)',
  },
  {
    name: 'a nack is taken for an ack',
    file: `${folder}/probe.js`,
    find: 'current.nacks.add(from);',
    replace: 'current.streamAcked = true;',
  },
  {
    name: 'a probe fails as soon as others are asked',
    file: `${folder}/probe.js`,
    find: 'else if (nowMs >= current.deadlineMs)',
    replace: 'else if (nowMs >= current.timeoutMs)',
  },
  {
    name: 'a delta is applied over a gap',
    file: `${folder}/metadata.js`,
    find: 'if (delta.base > metadata.version)',
    replace: 'if (delta.base < 0)',
  },
  {
    name: 'metadata of a life before is kept',
    file: `${folder}/metadata.js`,
    find: 'if (delta.life === metadata.life && delta.version <= metadata.version)',
    replace: 'if (delta.version <= metadata.version)',
  },
  {
    name: 'members that failed are never contacted again',
    file: `${folder}/push-pull.js`,
    find: '[...failed].filter((address) => !living.has(address))',
    replace: '[]',
  },
  {
    name: 'a node that was cut off blames the others',
    file: `${folder}/swim.js`,
    find: 'if (state.transportUp)',
    replace: 'if (state.transportUp !== undefined)',
  },
  {
    name: 'a node that hung does not ask again',
    file: `${folder}/time.js`,
    find: 'if (passedMs <= state.settings.stallMs)',
    replace: 'if (passedMs >= 0)',
  },
  {
    name: 'the number of live members goes wrong when one fails',
    file: `${folder}/state.js`,
    find: 'state.live += before ? -1 : 1;',
    replace: 'state.live += before ? 0 : 1;',
  },
  {
    name: 'a changed packet is read',
    file: `${folder}/packet.js`,
    find: 'if (checksum !== crc32(packet, 4))',
    replace: 'if (checksum === -1)',
  },
  {
    name: 'whoever takes a name over is not believed, though it is free',
    file: `${folder}/alive.js`,
    find: `return status === 'left' || (status === 'dead' && deadNodeReclaimMs > 0 && nowMs - changedMs > deadNodeReclaimMs);`,
    replace: `return false;`,
  },
  {
    name: 'a death that another tells of in an exchange is believed at once, and counts as a leave',
    file: `${folder}/push-pull.js`,
    find: `else if (status === 'left')`,
    replace: `else if (status !== 'suspect')`,
  },
];
