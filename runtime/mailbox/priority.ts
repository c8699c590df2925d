/**
 * Priorities of messages. A message of a higher priority is handled before those of lower ones; within one priority the
 * order is that of arrival. Nothing is promised to what is low while higher mail keeps coming: it may wait for ever.
 */
import { SkepError } from '#protocols/wire/error';

/** A name, or a whole number from -100 to 100: `low` is -1, `normal` 0, `high` 1. */
export type Priority = 'low' | 'normal' | 'high' | number;

/** The priority that a definition gives to a message; a whole number from -100 to 100, 0 is normal. */
export type PriorityRule = (name: string, message: unknown) => number;

/** Bounds of a priority: few levels, because each is a queue of its own. */
export const MAX_PRIORITY = 100;

const byName: Readonly<Record<string, number>> = { low: -1, normal: 0, high: 1 };

/** Whether a number is a priority. */
export function isPriority(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= MAX_PRIORITY;
}

/** The number of a priority. @throws SkepError BAD_USAGE when it is none. */
export function priorityNumber(priority: Priority): number {
  const value = typeof priority === 'string' && Object.hasOwn(byName, priority) ? byName[priority] : priority;
  if (isPriority(value)) return value;
  const text = `priority is ${String(priority)}: expected low, normal, high or a whole number from -${MAX_PRIORITY} to ${MAX_PRIORITY}`;
  throw new SkepError('BAD_USAGE', text, { priority });
}

/** What a rule says of a message. A rule that throws, or gives what is no priority, says nothing: the message is normal. */
export function ruledPriority(rule: PriorityRule, name: string, message: unknown): number {
  try {
    const value = rule(name, message);
    return isPriority(value) ? value : 0;
  } catch {
    return 0;
  }
}
