/** A member for tests. */
import type { Member } from '#cluster/membership/port';

/** A node by name and incarnation; everything else is the same for all. */
export function memberOf(name: string, incarnation = 'k100'): Member {
  return {
    name,
    incarnation,
    pid: 1,
    host: 'host',
    roles: ['worker'],
    labels: {},
    executors: [1, 2],
    cores: 2,
    load: 0,
  };
}
