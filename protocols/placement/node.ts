/**
 * What is placed where: nodes with weights, zones, labels and capacities, items with constraints, and placements. All
 * plain data; no function of this folder changes what it is given, and none depends on the order of what it is given.
 */

/** A node that items can be placed on. */
export interface PlacementNode {
  readonly id: string;
  /** Its share of the items is its weight divided by all weights. Above 0; default 1. */
  readonly weight?: number;
  /** What fails together: a rack, a data centre. Default: the node is a zone of its own. */
  readonly zone?: string;
  /** What it has: `gpu`, `arm64`. */
  readonly labels?: readonly string[];
  /** Sum of the sizes of the items that it takes at most. Default: no limit. */
  readonly capacity?: number;
}

/** Something to be placed. */
export interface PlacementItem {
  readonly key: string;
  /** On how many distinct nodes. Default 1. */
  readonly replicas?: number;
  /** Room that each replica takes. Default 1. */
  readonly size?: number;
  /** Labels that a node must have. */
  readonly required?: readonly string[];
  /** Labels that a node must not have. */
  readonly forbidden?: readonly string[];
  readonly locality?: Locality;
}

/** Which zones an item prefers. */
export type Locality =
  /** Replicas in distinct zones, as far as there are enough. The default. */
  | { readonly type: 'spread' }
  /** Nodes of this zone before all others. */
  | { readonly type: 'near'; readonly zone: string }
  /** Zones do not matter. */
  | { readonly type: 'any' };

/** Where each item is: ids of nodes, the best one first. */
export type Placement = ReadonlyMap<string, readonly string[]>;

/** The zone of a node. */
export function zoneOf({ id, zone }: PlacementNode): string {
  // A node without a zone must not fall into one that is called like it.
  return zone === undefined ? `node ${id}` : `zone ${zone}`;
}

/** Whether the labels of a node allow an item. */
export function isAllowed({ labels = [] }: PlacementNode, { required = [], forbidden = [] }: PlacementItem): boolean {
  return required.every((label) => labels.includes(label)) && !forbidden.some((label) => labels.includes(label));
}
