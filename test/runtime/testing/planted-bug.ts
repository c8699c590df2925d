/**
 * A bank with a bug that depends on order. A new customer is announced to two desks: the register tells the ledger to
 * open an account, and the counter passes the first deposit from hand to hand until it is at the ledger. The deposit has
 * further to go, so whoever gives each its turn always sees the account open first; nothing makes it so.
 *
 *     branch --open-----> register ---------------------------------> ledger
 *        '-----deposit--> counter --> teller --> ... --> teller --> ledger
 *
 * Run as a program it explores the bank with the bug and prints how it fails.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { castFace, defineActor } from '#runtime';
import type { ActorAddress } from '#protocols/wire/address';
import { explore, ExplorationError, type StepOrder } from '#runtime/testing/index';

interface Customer {
  readonly customer: string;
  readonly amount: number;
}

const desk = castFace<{ readonly open: Customer; readonly deposit: Customer }>();

/** Passes a customer on under the name of the message that the next desk takes. */
const clerk = defineActor({
  name: 'clerk',
  init: (args: { readonly next: ActorAddress; readonly does: 'open' | 'deposit' }) => args,
  casts: {
    open: (state, message: Customer, ctx) => void ctx.ref(desk, state.next).cast(state.does, message),
    deposit: (state, message: Customer, ctx) => void ctx.ref(desk, state.next).cast(state.does, message),
  },
});

/** The ledger that relies on the order: a deposit for an account that is not open is turned away. */
const hastyLedger = defineActor({
  name: 'ledger',
  init: () => ({ balances: new Map<string, number>() }),
  calls: { balance: (state, message: { readonly customer: string }) => state.balances.get(message.customer) ?? null },
  casts: {
    open: (state, { customer }: Customer) => void state.balances.set(customer, 0),
    deposit: (state, { customer, amount }: Customer) => {
      const balance = state.balances.get(customer);
      if (balance !== undefined) state.balances.set(customer, balance + amount);
    },
  },
});

/** The ledger that does not: an early deposit waits for its account. */
const patientLedger = defineActor({
  name: 'ledger',
  init: () => ({ balances: new Map<string, number>(), early: new Map<string, number>() }),
  calls: { balance: (state, message: { readonly customer: string }) => state.balances.get(message.customer) ?? null },
  casts: {
    open: (state, { customer }: Customer) => {
      state.balances.set(customer, state.early.get(customer) ?? 0);
      state.early.delete(customer);
    },
    deposit: (state, { customer, amount }: Customer) => {
      const open = state.balances.has(customer);
      const sums = open ? state.balances : state.early;
      sums.set(customer, (sums.get(customer) ?? 0) + amount);
    },
  },
});

/** Hands between the counter and the ledger: each makes the bug rarer. */
const TELLERS = 4;

/** Explores the bank with one ledger or the other. */
export function exploreBank(ledger: 'hasty' | 'patient', order: StepOrder = 'random', seeds = 1_000) {
  const definition = ledger === 'hasty' ? hastyLedger : patientLedger;
  return explore({
    seeds,
    options: { definitions: [clerk, definition], executors: 1, order },
    scenario: async (system) => {
      const book = await system.spawn(definition, {});
      const register = await system.spawn(clerk, { next: book.address, does: 'open' });
      let counter = await system.spawn(clerk, { next: book.address, does: 'deposit' });
      for (let teller = 0; teller < TELLERS; teller += 1)
        counter = await system.spawn(clerk, { next: counter.address, does: 'deposit' });
      register.cast('open', { customer: 'ada', amount: 10 });
      counter.cast('deposit', { customer: 'ada', amount: 10 });
      await system.settle();
      assert.equal(await book.call('balance', { customer: 'ada' }), 10, 'the deposit is in the account');
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${JSON.stringify(await exploreBank('hasty'))}\n`);
  } catch (error) {
    if (!(error instanceof ExplorationError)) throw error;
    const { seed, traceHash, message, replay } = error;
    process.stdout.write(`${JSON.stringify({ seed, traceHash, message, replay })}\n`);
    process.exitCode = 1;
  }
}
