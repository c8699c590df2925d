/** The definitions of models, gathered so that executors can register them all from one module. */
export { modelActor } from './model.js';
export { modelRegistry } from './registry.js';
