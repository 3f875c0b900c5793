// Imports point down only (docs/architecture.md, "Rooms"). Each line: a room, and the rooms it may import.
const rooms = {
  report: [],
  net: ['report'],
  oci: ['report', 'net'],
  ocm: ['report', 'net', 'oci'],
  forge: ['report', 'net'],
  cluster: ['report', 'net'],
  product: ['report', 'net', 'oci', 'ocm', 'forge', 'cluster'],
  images: ['report', 'net', 'oci'],
  host: ['report', 'net', 'oci', 'images'],
  engine: ['report', 'net', 'cluster'],
  services: ['report', 'net', 'oci', 'ocm', 'product', 'forge', 'cluster'],
  'dynamic-providers': ['report', 'net', 'oci', 'ocm', 'product', 'forge', 'cluster', 'images', 'host'],
  components: ['report', 'dynamic-providers'],
  cli: ['report', 'net', 'oci', 'ocm', 'product', 'forge', 'cluster', 'images', 'host', 'engine', 'services'],
};
const names = Object.keys(rooms);
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: { path: `^(${names.join('|')})/` },
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    ...names.map(room => ({
      name: `${room}-imports-down`,
      severity: 'error',
      from: { path: `^${room}/` },
      to: { path: `^(${names.filter(n => n !== room && !rooms[room].includes(n)).join('|')})/` },
    })),
    {
      name: 'pulumi-only-on-top',
      comment: 'Only components, dynamic providers, the program and the engine know Pulumi',
      severity: 'error',
      from: { path: `^(${names.filter(n => !['components', 'dynamic-providers', 'engine'].includes(n)).join('|')})/` },
      to: { path: 'node_modules/@pulumi/' },
    },
    {
      name: 'rooms-have-one-door',
      comment:
        'Another room is imported through its index.ts (a dynamic provider closure names compiled modules at run time, which this does not see)',
      severity: 'error',
      from: { path: `^(${names.join('|')})/` },
      to: { path: `^(${names.join('|')})/`, pathNot: [`^(${names.join('|')})/index\\.ts$`, '^$1/'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test|node_modules)/' },
  },
};
