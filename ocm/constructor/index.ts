export { buildComponents } from './build';
export type { BuildOptions, BuiltComponentVersion } from './options';
export { buildInput, type BuiltInput, type InputContext } from './inputs';
export { readConstructor, type ComponentSpecification, type ElementSpec, type ReferenceSpec } from './specification';
export { readAssignment, readSettings, substitute, type Settings, type Templater } from './template';
