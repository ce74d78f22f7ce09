/** The lists of the sidebar. */

import "./elements/configs";
import "./elements/sessions";
