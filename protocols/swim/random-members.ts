/** Picking members by chance: each as likely as the others, and all of them when all are wanted. */
import { draw, type Member, type SwimState } from './state.js';

/**
 * Up to so many others that are wanted. A shuffle that ends as soon as there are enough; what it has moved is kept beside
 * the list, so that it costs what it looks at and not the length of the list. (memberlist, kRandomNodes, draws with
 * replacement and gives up after 3n draws, which misses members of small groups.)
 */
export function randomMembers(state: SwimState, count: number, wanted: (member: Member) => boolean): readonly Member[] {
  const { order, members } = state;
  const moved = new Map<number, number>();
  const picked: Member[] = [];
  for (let left = order.length; left > 0 && picked.length < count; left -= 1) {
    const at = draw(state, left);
    const member = members.get(order[moved.get(at) ?? at] as string) as Member;
    moved.set(at, moved.get(left - 1) ?? left - 1);
    if (wanted(member)) picked.push(member);
  }
  return picked;
}
