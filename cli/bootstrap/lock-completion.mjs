/**
 * Completes a lock file. Native packages ship one optional package a platform, and npm leaves out of the lock file those
 * that the registry at hand does not have. `npm ci` then calls the file out of sync, on every machine. Their versions are
 * known (the parent pins them) and so are their platforms (the names say them); that is all `npm ci` needs to skip them
 * here, and to install them there.
 */

/** Names of platforms that some packages use instead of Node's. */
const aliases = { mac: 'darwin', win: 'win32' };
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];

/**
 * Adds the missing optional packages to a parsed lock file, in place, and gives their places.
 * @param {{ packages: Record<string, object> }} lock
 * @returns {string[]} such as `node_modules/@oxlint/binding-win32-x64-msvc`
 */
export function completeLock(lock) {
  const added = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      if (platform === undefined || !/^\d+\.\d+\.\d+\S*$/.test(version)) continue;
      const place = placeFor(lock.packages, path, name, version);
      if (place === undefined) continue;
      lock.packages[place] = entryFor(version, platform, entry.dev === true);
      added.push(place);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  return added;
}

/** An entry with its keys in npm's own order, so that writing the file twice gives no diff. */
function entryFor(version, { cpu, libc, os }, isDev) {
  const dev = isDev ? { dev: true } : {};
  return { version, cpu, ...dev, ...(libc === undefined ? {} : { libc }), optional: true, os };
}

/**
 * Where npm would put a package that another needs: as far up as no other version stands in the way. Undefined when it
 * is there already.
 */
function placeFor(packages, path, name, version) {
  let free = `${path}/node_modules/${name}`;
  for (const folder of foldersUpwards(path)) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const present = packages[place];
    // One that has a name is another package in its place: `overrides` say so.
    if (present?.version === version || present?.name !== undefined) return undefined;
    if (present !== undefined) break;
    free = place;
  }
  return free;
}

/** `node_modules/a/node_modules/b`, then `node_modules/a`, then the root as an empty string. */
function foldersUpwards(path) {
  const folders = [];
  for (let folder = path; folder !== ''; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    folders.push(folder);
  }
  return [...folders, ''];
}

/** The platform that a package's name ends in, such as `binding-linux-arm64-musl`, or undefined for other names. */
function platformOf(name) {
  const parts = name
    .slice(name.lastIndexOf('/') + 1)
    .split('-')
    .map((part) => aliases[part] ?? part);
  const at = parts.findIndex((part) => systems.includes(part));
  const [os, cpu, abi = ''] = at === -1 ? [] : parts.slice(at);
  if (cpu === undefined) return undefined;
  const libc = abi.startsWith('musl') ? ['musl'] : abi.startsWith('gnu') ? ['glibc'] : undefined;
  return { cpu: [cpu], libc, os: [os] };
}
