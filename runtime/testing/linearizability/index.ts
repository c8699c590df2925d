/**
 * The linearizability checker, part of `skep/testing`: does some order of one after the other explain what clients saw?
 */
export { type Account, checkLinearizable, type CheckOptions, describeAccount, type Verdict } from './check.js';
export type { History, Operation } from './history.js';
export { type MapInput, mapOf, type RegisterInput, registerOf, type RegisterOutput, type Value } from './register.js';
export type { Specification } from './specification.js';
