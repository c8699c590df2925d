/**
 * The fence of a resource that children write to: once it has seen an epoch of a child, it refuses all that come from
 * epochs before. A lease alone cannot do that, since its holder may stand still between looking at its clock and writing.
 * (Sequencers of Chubby: Burrows, "The Chubby lock service for loosely-coupled distributed systems", OSDI 2006, 2.4;
 * fencing tokens by the name that Kleppmann gave them.)
 */

/** The highest epoch seen, by child. */
export type Fence = Map<string, number>;

/** Whether something that a child does in an epoch may take effect; from then on nothing of an earlier one may. */
export function admit(fence: Fence, child: string, epoch: number): boolean {
  if (epoch < (fence.get(child) ?? 0)) return false;
  fence.set(child, epoch);
  return true;
}
