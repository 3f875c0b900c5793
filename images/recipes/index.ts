export { airlock } from './airlock';
export { ORDERS_FOLDER, PODINFO_FOLDER, releaseRunner } from './release-runner';
export { node, BUNDLED_CNI_LABEL } from './node';
export { gitea, ingress, kustomizeController, registry } from './services';
export type { ImageRecipe, Recipe, RecipeContext } from './recipe';
