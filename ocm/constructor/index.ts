export { buildComponents, type BuildOptions, type BuiltComponentVersion } from './build';
export { buildInput, type BuiltInput, type InputContext } from './inputs';
export { readConstructor, type ComponentSpecification, type ElementSpec, type ReferenceSpec } from './specification';
export { readAssignment, readSettings, substitute, type Settings, type Templater } from './template';
