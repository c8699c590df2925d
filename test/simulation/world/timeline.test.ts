/** The order of events, against a list that is sorted anew each time. */
import fc from 'fast-check';
import t from 'tap';
import { Timeline } from '#runtime/simulation/timeline';

type Step = { readonly type: 'add' | 'ahead'; readonly atUs: number } | { readonly type: 'take' };

const steps = fc.array(
  fc.oneof(
    fc.record({ type: fc.constantFrom('add' as const, 'ahead' as const), atUs: fc.nat(20) }),
    fc.constant({ type: 'take' as const }),
  ),
  { maxLength: 200 },
);

t.test('events come by time, those of one time by insertion, those put ahead before them', async (t) => {
  fc.assert(
    fc.property(steps, (list: readonly Step[]) => {
      const timeline = new Timeline();
      const twin: { atUs: number; ahead: boolean; number: number }[] = [];
      for (const [number, step] of list.entries()) {
        if (step.type === 'take') {
          twin.sort((a, b) => a.atUs - b.atUs || Number(b.ahead) - Number(a.ahead) || a.number - b.number);
          const event = timeline.take();
          const expected = twin.shift();
          if (event?.atUs !== expected?.atUs || event?.node !== expected?.number) return false;
        } else {
          twin.push({ atUs: step.atUs, ahead: step.type === 'ahead', number });
          // The number of the step goes along as the node.
          if (step.type === 'ahead') timeline.addAhead(step.atUs, number, 0, () => {});
          else timeline.add(step.atUs, number, 0, () => {});
        }
        if (timeline.size !== twin.length) return false;
        const next = Math.min(...twin.map(({ atUs }) => atUs));
        if (timeline.nextUs !== next) return false;
      }
      return true;
    }),
  );
  t.pass();
});
