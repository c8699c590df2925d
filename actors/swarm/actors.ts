/** The definitions of the swarm, gathered so that executors can register them all from one module. */
export { agent } from './agent.js';
export { coordinator } from './coordinator.js';
export { queen } from './queen.js';
export { scheduler } from './scheduler.js';
