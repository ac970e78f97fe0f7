// Entry point: every behaviour binds itself to its data attribute.
import "./errors.js";
import "./theme.js";
import "./sidebar.js";
import "./toast.js";
import "./dialog.js";
import "./confirm.js";
import "./shortcuts.js";
import "./countdown.js";
import "./relative.js";
import "./submit-once.js";
import "./autosave.js";
import "./live.js";
import "./upload.js";
import "./combobox.js";
import "./rows.js";
import "./filters.js";
import "./offline.js";
