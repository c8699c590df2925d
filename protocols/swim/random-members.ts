/** Picking members by chance: each as likely as the others. */
import { draw, type Member, type SwimState } from './state.js';

/**
 * Up to so many others that are wanted. Tries three times as often as there are members, as memberlist does
 * (kRandomNodes): in a large group a few draws do, in a small one all are found.
 */
export function randomMembers(
  state: SwimState,
  count: number,
  wanted: (member: Member) => boolean,
): readonly Member[] {
  const { order, members } = state;
  const picked: Member[] = [];
  for (let tries = 3 * order.length; tries > 0 && picked.length < count; tries -= 1) {
    const member = members.get(order[draw(state, order.length)] as string) as Member;
    if (wanted(member) && !picked.includes(member)) picked.push(member);
  }
  return picked;
}
