/** What a change makes of a configuration. */
import fc from 'fast-check';
import t from 'tap';
import { changeConfig, isJoint, membersOf, newConfig } from '#protocols/raft/config';
import type { Config, ConfigChange, MemberChange } from '#protocols/raft/types';
import { wordsOfConfig } from './words.js';

const LEAVE: ConfigChange = { transition: 'auto', changes: [] };

/** `v4` adds a voter, `l4` a learner, `r4` removes. */
function change(words: string, transition: ConfigChange['transition'] = 'auto'): ConfigChange {
  const types = { v: 'add-voter', l: 'add-learner', r: 'remove' } as const;
  const changes = words.split(' ').map((word): MemberChange => {
    const type = types[word.slice(0, 1) as 'v' | 'l' | 'r'];
    return { type, node: word.slice(1) };
  });
  return { transition, changes };
}

function after(config: Config, ...changes: readonly ConfigChange[]): string {
  let now: Config | undefined = config;
  for (const one of changes) now = now === undefined ? undefined : changeConfig(now, one);
  return now === undefined ? 'refused' : wordsOfConfig(now);
}

t.test('simple changes: one voter at most, and never the last one', (t) => {
  const three = newConfig(['1', '2', '3']);
  t.equal(after(three, change('v4')), '(1 2 3 4)');
  t.equal(after(three, change('r3')), '(1 2)');
  t.equal(after(three, change('l4')), '(1 2 3) learners=(4)');
  t.equal(after(three, change('l4'), change('v4')), '(1 2 3 4)', 'promoted');
  t.equal(after(three, change('l3')), '(1 2) learners=(3)', 'demoted');
  t.equal(after(three, change('r9')), '(1 2 3)', 'nobody is removed');
  t.equal(after(newConfig(['1']), change('r1')), 'refused');
  t.equal(after(three, LEAVE), 'refused', 'there is nothing to leave');
  t.end();
});

t.test('joint changes: entered by more than one change or on request, left once, nothing else in between', (t) => {
  const three = newConfig(['1', '2', '3']);
  t.equal(after(three, change('v4 r1')), '(2 3 4)&&(1 2 3) auto-leave');
  t.equal(after(three, change('v4', 'joint-implicit')), '(1 2 3 4)&&(1 2 3) auto-leave');
  t.equal(after(three, change('v4', 'joint-explicit')), '(1 2 3 4)&&(1 2 3)');
  t.equal(after(three, change('v4 r1'), LEAVE), '(2 3 4)');
  t.equal(after(three, change('v4 r1'), change('v5')), 'refused');
  t.equal(after(three, change('v4 r1'), LEAVE, LEAVE), 'refused');
  t.end();
});

t.test('a voter that becomes a learner through a joint configuration is none before that is left', (t) => {
  const three = newConfig(['1', '2', '3']);
  t.equal(after(three, change('l1 v4')), '(2 3 4)&&(1 2 3) learners-next=(1) auto-leave');
  t.equal(after(three, change('l1 v4'), LEAVE), '(2 3 4) learners=(1)');
  t.equal(after(three, change('l1 v1', 'joint-explicit'), LEAVE), '(1 2 3)', 'the last word counts');
  t.end();
});

t.test('nobody is voter and learner, nobody vanishes, and joint or one by one leads to the same', (t) => {
  const members = fc.array(
    fc.record<MemberChange>({
      type: fc.constantFrom('add-voter', 'add-learner', 'remove'),
      node: fc.constantFrom('1', '2', '3', '4', '5'),
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(members, (changes) => {
      const three = newConfig(['1', '2', '3']);
      const joint = changeConfig(three, { transition: 'joint-explicit', changes });
      const left = joint === undefined ? undefined : changeConfig(joint, LEAVE);
      let single: Config | undefined = three;
      for (const one of changes)
        single = single === undefined ? undefined : changeConfig(single, { transition: 'auto', changes: [one] });
      if (joint === undefined || left === undefined) return true;
      const { voters, votersOutgoing, learners, learnersNext } = joint;
      return (
        isJoint(joint) &&
        !isJoint(left) &&
        votersOutgoing.join() === '1,2,3' &&
        learners.every((node) => !voters.includes(node) && !votersOutgoing.includes(node)) &&
        learnersNext.every((node) => votersOutgoing.includes(node) && !voters.includes(node)) &&
        membersOf(left).every((node) => membersOf(joint).includes(node)) &&
        (single === undefined || wordsOfConfig(single) === wordsOfConfig(left))
      );
    }),
    { numRuns: 2_000 },
  );
  t.end();
});
