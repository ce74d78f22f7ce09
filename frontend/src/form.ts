/** The form of a compute config. */

import "./elements/config_form";
