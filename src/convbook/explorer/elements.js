/* Both elements. What a page has already, from an earlier copy of this script, stays. */

import { ConvTrainer } from "./conv-trainer.js";
import { ConvExplorer } from "./conv-explorer.js";

if (!customElements.get("conv-explorer")) customElements.define("conv-explorer", ConvExplorer);
if (!customElements.get("conv-trainer")) customElements.define("conv-trainer", ConvTrainer);
