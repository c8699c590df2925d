/** The circuit breaker: its scenario, and any history against rules that are read off the events alone. */
import {
  type BreakerOutcome,
  type BreakerState,
  type BreakerTicket,
  admit,
  closedBreaker,
  defaultBreaker,
  settle,
} from '#actors/inference/providers/breaker';
import fc from 'fast-check';
import t from 'tap';

/** A breaker with its clock, as a client uses it. */
class Breaker {
  state: BreakerState = closedBreaker;
  nowMs = 0;

  /** A ticket, or the milliseconds to wait. */
  enter(options = defaultBreaker): BreakerTicket | number {
    const admission = admit(this.state, options, this.nowMs);
    this.state = admission.state;
    return admission.type === 'admitted' ? admission.ticket : admission.retryAfterMs;
  }

  leave(ticket: BreakerTicket | number, outcome: BreakerOutcome, options = defaultBreaker): void {
    if (typeof ticket === 'number') throw new Error(`not admitted: ${ticket}`);
    this.state = settle(this.state, options, ticket, outcome, this.nowMs);
  }

  request(outcome: BreakerOutcome): void {
    this.leave(this.enter(), outcome);
  }
}

t.test('five failures in a row open it, after 60 s one request is let through, five successes close it', async (t) => {
  const breaker = new Breaker();
  for (let failure = 0; failure < 4; failure += 1) breaker.request('failure');
  breaker.request('success');
  for (let failure = 0; failure < 4; failure += 1) breaker.request('failure');
  t.equal(breaker.state.type, 'closed', 'a success between them begins the count again');
  breaker.request('failure');
  t.equal(breaker.state.type, 'open');
  t.equal(breaker.enter(), 60_000);
  breaker.nowMs = 59_999.5;
  t.equal(breaker.enter(), 1, 'the wait is told in whole milliseconds, rounded up');
  breaker.nowMs = 60_000;
  const probe = breaker.enter();
  t.type(probe, 'object');
  t.equal(breaker.enter(), 1_000, 'one probe at a time');
  breaker.leave(probe, 'success');
  for (let success = 0; success < 3; success += 1) breaker.request('success');
  t.equal(breaker.state.type, 'half-open');
  breaker.request('success');
  t.same(breaker.state, { type: 'closed', generation: 3, failures: 0 });
});

t.test('a failure while half open opens it for as long again', async (t) => {
  const breaker = new Breaker();
  for (let failure = 0; failure < 5; failure += 1) breaker.request('failure');
  breaker.nowMs = 70_000;
  breaker.request('success');
  breaker.request('failure');
  t.equal(breaker.enter(), 60_000);
});

t.test('a probe that tells nothing makes room for the next', async (t) => {
  const breaker = new Breaker();
  for (let failure = 0; failure < 5; failure += 1) breaker.request('failure');
  breaker.nowMs = 60_000;
  breaker.request('neutral');
  breaker.request('neutral');
  t.match(breaker.state, { type: 'half-open', successes: 0, probing: 0 });
});

t.test('a request from before a change says nothing about the time after it', async (t) => {
  const breaker = new Breaker();
  const slow = breaker.enter();
  const slower = breaker.enter();
  for (let failure = 0; failure < 5; failure += 1) breaker.request('failure');
  breaker.leave(slow, 'success');
  t.equal(breaker.state.type, 'open');
  breaker.nowMs = 60_000;
  const probe = breaker.enter();
  breaker.leave(slower, 'failure');
  t.equal(breaker.state.type, 'half-open', 'its failure does not open it again');
  t.equal(breaker.enter(), 1_000, 'nor does it make room for another probe');
  breaker.leave(probe, 'success');
  t.match(breaker.state, { successes: 1, probing: 0 });
});

t.test('in any history: never open without enough failures, never more probes than allowed, never stuck', async () => {
  const options = { failures: 3, openMs: 100, successes: 2, probes: 2, probeWaitMs: 5 };
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'enter' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('leave' as const),
        which: fc.nat(20),
        outcome: fc.constantFrom<BreakerOutcome>('success', 'failure', 'failure', 'neutral'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat(150) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const breaker = new Breaker();
      let out: BreakerTicket[] = [];
      // Failures that are left of the row which the current generation has seen, newest last.
      let row = 0;
      for (const each of steps) {
        const before = breaker.state;
        if (each.type === 'wait') breaker.nowMs += each.ms;
        if (each.type === 'enter') {
          const ticket = breaker.enter(options);
          if (typeof ticket !== 'number') out.push(ticket);
          else if (before.type === 'closed' || ticket <= 0 || ticket > options.openMs) return false;
        }
        const leaving = each.type === 'leave' ? out[each.which % Math.max(1, out.length)] : undefined;
        if (each.type === 'leave' && leaving !== undefined) {
          out = out.filter((ticket) => ticket !== leaving);
          const current = leaving.generation === before.generation;
          breaker.leave(leaving, each.outcome, options);
          if (!current && breaker.state !== before) return false;
          if (current && before.type === 'closed')
            row = each.outcome === 'failure' ? row + 1 : each.outcome === 'success' ? 0 : row;
          if (before.type === 'closed' && (breaker.state.type === 'open') !== (current && row === options.failures))
            return false;
        }
        const now = breaker.state;
        if (now.generation !== before.generation) row = 0;
        const probes = out.filter((ticket) => ticket.generation === now.generation).length;
        if (now.type === 'half-open' && (now.probing !== probes || probes > options.probes)) return false;
      }
      // Whatever happened: with time, and requests that succeed, it closes.
      for (const ticket of out) breaker.leave(ticket, 'neutral', options);
      breaker.nowMs += options.openMs;
      for (let round = 0; round < options.successes; round += 1) {
        const ticket = breaker.enter(options);
        if (typeof ticket === 'number') return false;
        breaker.leave(ticket, 'success', options);
      }
      return breaker.state.type === 'closed';
    }),
    { numRuns: 500 },
  );
});
