/** What the node on a place is called: by SWIM and the supervisor, and as a Raft voter. */
import type { NodeId } from '#protocols/raft/types';

/** Its name. */
export function nameOf(place: number): string {
  return `n${place + 1}`;
}

/** The place of a name. */
export function placeOf(name: string): number {
  return Number(name.slice(1)) - 1;
}

/** Its id among the voters. */
export function idOf(place: number): NodeId {
  return String(place + 1);
}

export function placeOfId(id: NodeId): number {
  return Number(id) - 1;
}

export function nameOfId(id: NodeId): string {
  return nameOf(placeOfId(id));
}
