/**
 * The supervision tree of a node as plain data, put together from what each executor knows of its actors, and drawn as
 * text. Pure, so that a tree of another node is drawn the same way.
 */
import type { ActorAddress } from '#protocols/wire/address';
import type { Strategy } from './options.js';

/** One actor as its executor knows it; plain data, because it crosses threads and nodes. */
export interface ActorFamily {
  readonly address: ActorAddress;
  readonly definition: string;
  /** Empty without a name. */
  readonly name: string;
  readonly status: string;
  readonly restarts: number;
  readonly strategy: Strategy;
  readonly parent: ActorAddress | null;
  /** In the order of their start. */
  readonly children: readonly {
    readonly address: ActorAddress;
    readonly id: string;
    readonly definition: string;
    readonly status: string;
    readonly restarts: number;
  }[];
}

/** One actor in a tree. */
export interface TreeNode {
  readonly address: ActorAddress;
  readonly name: string;
  /** Its child id; empty without one. */
  readonly id: string;
  readonly definition: string;
  /** That of the actor, or its supervisor's word where it does not live on this node (any more). */
  readonly status: string;
  /** Restarts so far. */
  readonly restarts: number;
  readonly strategy: Strategy;
  readonly children: readonly TreeNode[];
}

/** The tree of a node. */
export interface SupervisionTree {
  readonly node: string;
  /** The guardian first, then actors whose supervisors live on other nodes. */
  readonly roots: readonly TreeNode[];
}

/** Puts together what the executors of one node know. */
export function assembleTree(node: string, families: readonly ActorFamily[]): SupervisionTree {
  const byAddress = new Map(families.map((family) => [family.address, family]));
  const placed = new Set<ActorAddress>();
  const nodeOf = (family: ActorFamily, id: string): TreeNode => {
    placed.add(family.address);
    const children = family.children.flatMap((child) => {
      // Executors are asked one after the other: an actor seen twice belongs where it was seen first.
      if (placed.has(child.address)) return [];
      const known = byAddress.get(child.address);
      if (known !== undefined) return [nodeOf(known, child.id)];
      return [{ ...child, name: '', strategy: 'one-for-one' as const, children: [] }];
    });
    const { address, name, definition, status, restarts, strategy } = family;
    return { address, name, id, definition, status, restarts, strategy, children };
  };
  const guardians = families.filter(({ parent }) => parent === null);
  const others = families.filter(({ parent }) => parent !== null && !byAddress.has(parent));
  const roots = [...guardians, ...others].map((family) => nodeOf(family, ''));
  // Started just before its parent was asked, and not among the children yet.
  const stray = families.flatMap((family) => (placed.has(family.address) ? [] : [nodeOf(family, '')]));
  return { node, roots: [...roots, ...stray] };
}

/** What belongs to the application: actors of skep itself (`skep.*`) go unless they have children of the application. */
export function applicationTree(tree: SupervisionTree): SupervisionTree {
  const pruned = (node: TreeNode): readonly TreeNode[] => {
    const children = node.children.flatMap(pruned);
    return node.definition.startsWith('skep.') && children.length === 0 ? [] : [{ ...node, children }];
  };
  return { ...tree, roots: tree.roots.flatMap(pruned) };
}

/** How a tree is drawn. */
export interface TreeStyle {
  /** Marks what matters in a line. Default: nothing is marked. */
  readonly bold?: (text: string) => string;
}

/** The tree as text, one actor a line, with box characters. */
export function renderTree({ node, roots }: SupervisionTree, style: TreeStyle = {}): string {
  return [node, ...branches(roots, '', style)].join('\n');
}

function branches(nodes: readonly TreeNode[], indent: string, style: TreeStyle): readonly string[] {
  return nodes.flatMap((node, index) => {
    const last = index === nodes.length - 1;
    const below = branches(node.children, `${indent}${last ? '   ' : '│  '}`, style);
    return [`${indent}${last ? '└─ ' : '├─ '}${lineOf(node, style)}`, ...below];
  });
}

function lineOf(node: TreeNode, { bold = (text) => text }: TreeStyle): string {
  const { id, name, definition, address, status, restarts, strategy, children } = node;
  const label = [id, name].filter((text) => text !== '').join(' ') || definition;
  return [
    bold(label),
    ...(label === definition ? [] : [`(${definition})`]),
    address,
    ...(children.length > 0 && strategy !== 'one-for-one' ? [strategy] : []),
    ...(status === 'running' ? [] : [status]),
    ...(restarts === 0 ? [] : [`restarted ${restarts} ${restarts === 1 ? 'time' : 'times'}`]),
  ].join(' ');
}
