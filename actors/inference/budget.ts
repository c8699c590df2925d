/**
 * Token budgets: what an agent may spend in all, and in a minute. Tokens are reserved when a request is let in, for the
 * longest answer that it may get, and what was not used is given back when it ends; so whoever is let in is paid for.
 * A minute is a token bucket that holds the tokens of one minute and fills evenly.
 *
 * Budgets form a tree: what an agent spends is spent by its parent too, and each of them on the way can refuse. Credit
 * that a team hands to its agents can so be promised many times over, and is never spent twice.
 *
 *     team (100,000 in all) <-- alice (10,000 a minute)
 *                           <-- bob                        refused when either alice or the team has too little
 */
import { z } from 'zod';
import { SkepError } from '#protocols/wire/error';

const account = z.strictObject({
  /** Tokens in all; default: no limit. */
  totalTokens: z.number().int().min(0).optional(),
  /** Tokens a minute; default: no limit. */
  tokensPerMinute: z.number().int().min(1).optional(),
  /** Name of the account that pays as well. */
  parent: z.string().min(1).max(128).optional(),
});

/** Budgets of a model, as an argument of its actor. */
export const budgetSettings = z.strictObject({
  /** By agent, or by a name that others have as their parent. */
  accounts: z.record(z.string().min(1).max(128), account).default({}),
  /** What each agent gets that has no account of its own; default: no limit. */
  others: account.optional(),
});

export type BudgetSettings = z.output<typeof budgetSettings>;
type Limits = z.output<typeof account>;

/** Tokens that are set aside for a request. */
export interface Reservation {
  readonly tokens: number;
}

/** Who may spend how much. The hook of a model: another implementation may keep the accounts elsewhere. */
export interface Budget {
  /** Sets tokens aside. @throws SkepError BUDGET_SPENT, with `retryAfterMs` where waiting helps. */
  reserve(agent: string, tokens: number, nowMs: number): Reservation;
  /** The request is done, and took so many. */
  settle(reservation: Reservation, usedTokens: number, nowMs: number): void;
}

/** Agents without an account of their own that are told apart; later ones share one account. */
const MOST_OTHERS = 10_000;
const SHARED = '(others)';

/** One account. */
class Account {
  readonly name: string;
  readonly #limits: Limits;
  /** Spent and set aside. */
  #spent = 0;
  /** What the bucket of the minute holds. */
  #level: number;
  #filledMs = 0;

  constructor(name: string, limits: Limits) {
    this.name = name;
    this.#limits = limits;
    this.#level = limits.tokensPerMinute ?? 0;
  }

  get parent(): string | undefined {
    return this.#limits.parent;
  }

  /** Why so many tokens cannot be taken now; undefined when they can. */
  refusal(tokens: number, nowMs: number): SkepError | undefined {
    const { totalTokens, tokensPerMinute } = this.#limits;
    const facts = { account: this.name, tokens };
    if (totalTokens !== undefined && this.#spent + tokens > totalTokens) {
      const leftTokens = Math.max(0, totalTokens - this.#spent);
      const text = `the budget of ${this.name} has ${leftTokens} of ${totalTokens} tokens left; the request may take ${tokens}`;
      return new SkepError('BUDGET_SPENT', text, { ...facts, leftTokens, totalTokens });
    }
    if (tokensPerMinute === undefined) return undefined;
    this.#fill(tokensPerMinute, nowMs);
    if (tokens <= this.#level) return undefined;
    const leftTokens = Math.max(0, Math.floor(this.#level));
    const text = `the budget of ${this.name} has ${leftTokens} of ${tokensPerMinute} tokens a minute left; the request may take ${tokens}`;
    // A request above what a minute holds never fits, however long it waits.
    const wait =
      tokens > tokensPerMinute ? {} : { retryAfterMs: Math.ceil(((tokens - this.#level) * 60_000) / tokensPerMinute) };
    return new SkepError('BUDGET_SPENT', text, { ...facts, leftTokens, tokensPerMinute, ...wait });
  }

  /** Takes tokens, or gives them back where below 0. */
  take(tokens: number, nowMs: number): void {
    const { tokensPerMinute } = this.#limits;
    this.#spent += tokens;
    if (tokensPerMinute === undefined) return;
    this.#fill(tokensPerMinute, nowMs);
    this.#level = Math.min(tokensPerMinute, this.#level - tokens);
  }

  #fill(tokensPerMinute: number, nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#filledMs);
    this.#filledMs = Math.max(this.#filledMs, nowMs);
    this.#level = Math.min(tokensPerMinute, this.#level + (passedMs * tokensPerMinute) / 60_000);
  }
}

/** Budgets in the memory of one model. */
export class TokenBudget implements Budget {
  readonly #accounts = new Map<string, Account>();
  /** Who pays for what is set aside. */
  readonly #payers = new WeakMap<Reservation, readonly Account[]>();
  readonly #others: Limits | undefined;
  #unnamed = 0;

  /** @throws SkepError BAD_CONFIG when a parent is unknown, or parents go round in a circle. */
  constructor({ accounts, others }: BudgetSettings) {
    this.#others = others;
    for (const [name, limits] of Object.entries(accounts)) this.#accounts.set(name, new Account(name, limits));
    for (const name of this.#accounts.keys()) this.#check(name);
    if (others?.parent !== undefined && !this.#accounts.has(others.parent))
      throw unknownParent('others', others.parent);
  }

  reserve(agent: string, tokens: number, nowMs: number): Reservation {
    const accounts = [...this.#chain(this.#accountOf(agent))];
    for (const each of accounts) {
      const refusal = each.refusal(tokens, nowMs);
      if (refusal !== undefined) throw refusal;
    }
    for (const each of accounts) each.take(tokens, nowMs);
    const reservation: Reservation = { tokens };
    this.#payers.set(reservation, accounts);
    return reservation;
  }

  settle(reservation: Reservation, usedTokens: number, nowMs: number): void {
    for (const each of this.#payers.get(reservation) ?? []) each.take(usedTokens - reservation.tokens, nowMs);
    this.#payers.delete(reservation);
  }

  #accountOf(agent: string): Account | undefined {
    const named = this.#accounts.get(agent);
    if (named !== undefined || this.#others === undefined) return named;
    const name = this.#unnamed < MOST_OTHERS ? agent : SHARED;
    const present = this.#accounts.get(name);
    if (present !== undefined) return present;
    this.#unnamed += 1;
    const made = new Account(name, this.#others);
    this.#accounts.set(name, made);
    return made;
  }

  *#chain(first: Account | undefined): Generator<Account> {
    for (let each = first; each !== undefined; ) {
      yield each;
      each = each.parent === undefined ? undefined : this.#accounts.get(each.parent);
    }
  }

  #check(name: string): void {
    const seen = new Set<Account>();
    for (const each of this.#chain(this.#accounts.get(name))) {
      if (each.parent !== undefined && !this.#accounts.has(each.parent)) throw unknownParent(each.name, each.parent);
      if (seen.has(each)) {
        const text = `budget.accounts.${name}.parent: the parents go round in a circle at ${each.name}`;
        throw new SkepError('BAD_CONFIG', text, { account: name });
      }
      seen.add(each);
    }
  }
}

function unknownParent(name: string, parent: string): SkepError {
  const text = `budget: the parent of ${name}, ${parent}, has no account: expected one of budget.accounts`;
  return new SkepError('BAD_CONFIG', text, { account: name, parent });
}
