/** The simulation of delta-state CRDTs. */
export { crdtModel } from './model.js';
