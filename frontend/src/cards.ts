/** The elements of one session: its card, its panel with queries and log, and the picker. */

import "./elements/here";
import "./elements/panel";
