/**
 * The section that says where a node keeps what its actors persist: `store`.
 */
import * as z from 'zod';
import { option, plainText, plainTextForm } from '../option.js';

export const store = z.strictObject({
  sync: option(z.enum(['disk', 'process', 'off']), {
    text: 'When what actors persist counts as written, unless their definition says. `disk`: flushed, safe from a power cut. `process`: faster, safe from `kill -9` only. `off`: the node has no store, and actors that need one do not start.',
    default: 'disk',
  }),
  path: option(z.exactOptional(plainText()), {
    text: 'Folder of the store, for one node at a time. Without it: `store/` and the name of the node, in the data folder of the cluster.',
    form: `a path, ${plainTextForm}`,
  }),
});
