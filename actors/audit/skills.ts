/** The skills and the template of the audit, gathered so that agents and queens can load them from one module. */
export { scanBlobsSkill, historySkill } from './history.js';
export { inventorySkill } from './inventory.js';
export { manifestsSkill } from './manifests.js';
export { reduceSkill } from './reduce.js';
export { scanFilesSkill } from './scan-files.js';
export { auditTemplate } from './template.js';
