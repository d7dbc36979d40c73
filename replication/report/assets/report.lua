-- Numbers figures and tables, fills cross references, checks both, and sets boxes, figures and
-- tables as each output needs them. Runs after citeproc. What is wrong goes to standard error as
-- "problem<TAB>what to look for in the template<TAB>message".
local text = pandoc.utils.stringify
local is_html, is_typst = FORMAT:match("html") ~= nil, FORMAT == "typst"
local label_of, title_of, commands, n_problems = {}, {}, {}, 0

local function complain(token, message)
  n_problems = n_problems + 1
  io.stderr:write("problem\t" .. token .. "\t" .. message .. "\n")
end

local function raw(code) return pandoc.RawBlock(is_typst and "typst" or "html", code) end

local function escape(s)
  return (s:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub('"', "&quot;"))
end

local function quote(s)
  return '"' .. s:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"'
end

local function typst(blocks) return pandoc.write(pandoc.Pandoc(blocks), "typst") end

-- The identifier that code hosts give a heading.
local function slug(heading)
  local s = pandoc.text.lower(heading):gsub("[%p]", function(c) return c:match("[-_]") or "" end)
  return (s:gsub(" ", "-"):gsub("[“”‘’—–]", ""))
end

-- Width in letters that a column cannot do without; the head of numbers may wrap.
local function least_width(cells, aligned)
  local least = 0
  for i, cell in ipairs(cells) do
    local s = text(cell.contents)
    if aligned == "AlignRight" and i > 1 then least = math.max(least, utf8.len(s)) end
    for word in s:gmatch("%S+") do least = math.max(least, utf8.len(word)) end
    least = math.max(least, math.min(utf8.len(s), aligned == "AlignRight" and 6 or 14))
  end
  return least + 2
end

local function number(blocks)
  local counts, seen = { Figure = 0, Table = 0 }, {}
  local function note(element)
    local id = element.identifier
    if id ~= "" and seen[id] then complain("#" .. id, "the identifier #" .. id .. " stands twice") end
    if id ~= "" then seen[id] = true end
  end
  local function enumerate(kind, element)
    local id, words = element.identifier, text(element.caption.long)
    if id == "" or words == "" then
      local token = kind == "Figure" and words:sub(1, 20) or ": " .. words:sub(1, 20)
      complain(token, "a " .. kind:lower() .. ' has no caption or no identifier ("' .. words:sub(1, 40) .. '")')
    end
    note(element)
    counts[kind] = counts[kind] + 1
    label_of[id] = kind .. "\u{a0}" .. counts[kind]
  end
  blocks:walk {
    traverse = "topdown",
    Header = function(el) note(el); title_of[el.identifier] = el.content end,
    Div = note, Span = note,
    Figure = function(el) enumerate("Figure", el) end,
    Table = function(el) enumerate("Table", el) end,
  }
  return seen
end

local function label(id)
  local words = pandoc.Strong { pandoc.Str(label_of[id] .. ".") }
  if is_html then words = pandoc.Link(words, "#" .. id, "", { class = "label" }) end
  return pandoc.Inlines { words, pandoc.Space() }
end

local function caption_of(element)
  return { pandoc.Plain(label(element.identifier) .. pandoc.utils.blocks_to_inlines(element.caption.long)) }
end

local function set_figure(figure)
  local image
  figure.content:walk { Image = function(el) image = el end }
  local name, alt = image.src:match("^figures/([%w_-]+)%.svg$"), text(image.caption)
  local id = figure.identifier
  if alt == "" or alt == text(figure.caption.long) then
    complain(image.src, image.src .. ' has no alternative text; write {#fig:... alt="What it shows."}')
  end
  local caption = caption_of(figure)
  if is_typst then
    local code = "#figure(kind: image, alt: %s, picture(%s, alt: %s), caption: [%s]) <%s>"
    return raw(code:format(quote(alt), quote(image.src), quote(alt), typst(caption), id))
  elseif is_html then
    local blocks = pandoc.Blocks { raw('<figure id="' .. id .. '" class="drawing"><div class="picture" role="img" aria-label="' .. escape(alt) .. '"><!--DRAWING ' .. name .. "--></div><figcaption>") }
    blocks:extend(caption)
    local command = escape(text(commands[name] or ""))
    blocks:insert(raw('<p class="source"><a download="' .. name .. '.csv" href="data:text/csv;charset=utf-8,<!--DATA ' .. name .. '-->">Data of ' .. label_of[id] .. '</a><span class="made-by">, made by <code>' .. command .. "</code></span></p></figcaption></figure>"))
    return blocks
  end
  image.caption, image.attr = { pandoc.Str(alt) }, pandoc.Attr()
  local words = caption[1].content
  words:extend { pandoc.Space(), pandoc.Link("Data", "figures/" .. name .. ".csv"), pandoc.Str(".") }
  return { raw('<a id="' .. id .. '"></a>'), pandoc.Para { image }, pandoc.Para(words) }
end

local function set_table(tbl)
  local id, caption, width = tbl.identifier, caption_of(tbl), 0
  local heads, has_words = tbl.head.rows[1].cells, false
  for column, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[column] = { spec[1] }
    local cells = pandoc.List { heads[column] }
    for _, body in ipairs(tbl.bodies) do
      for _, row in ipairs(body.body) do
        cells:insert(row.cells[column])
        if is_html and column > 1 then
          row.cells[column].attributes.label = text(heads[column].contents)
          row.cells[column].contents = { pandoc.Div(row.cells[column].contents) }
        end
      end
    end
    width = width + least_width(cells, spec[1])
    has_words = has_words or (column > 1 and spec[1] ~= "AlignRight")
  end
  tbl.caption = { long = {} }
  local classes = is_html and tbl.classes or pandoc.List {}
  -- On a telephone words stand below one another; numbers are compared down a column, and scroll.
  if is_html and width > 44 and has_words and not classes:includes("compact") then classes:insert("stack") end
  tbl.attr = pandoc.Attr("", classes)
  if is_typst then
    -- Pandoc would wrap a table in a figure only if it had a caption; this one is of our making.
    local rows = typst { tbl }
    local size = width > 90 and "small-table" or "plain-table"
    rows = rows:match("#align%(center%)%[(.*)%]%s*$") or rows:match("align%(center%)%[(.*)%]%s*, kind") or rows
    local n_rows = 0
    for _, body in ipairs(tbl.bodies) do n_rows = n_rows + #body.body end
    local figure = ("#figure(kind: table, caption: [%s], %s[%s]) <%s>"):format(typst(caption), size, rows, id)
    -- A table of a few rows stays on one page.
    return raw(n_rows > 15 and figure or "#block(breakable: false)[" .. figure .. "]")
  elseif is_html then
    for _, body in ipairs(tbl.bodies) do body.row_head_columns = 1 end
    local blocks = pandoc.Blocks { raw('<figure class="table" id="' .. id .. '"><figcaption>') }
    blocks:extend(caption)
    blocks:insert(raw('</figcaption><div class="scroll" tabindex="0" role="group" aria-label="' .. label_of[id] .. '">'))
    blocks:extend { tbl, raw("</div></figure>") }
    return blocks
  end
  return { raw('<a id="' .. id .. '"></a>'), pandoc.Para(caption[1].content), tbl }
end

local function set_link(link)
  local id = link.target:match("^#(.*)")
  if not id then return end
  if #link.content == 0 then
    link.content = label_of[id] and { pandoc.Str(label_of[id]) } or title_of[id] or { pandoc.Str("?") }
  end
  if title_of[id] and not is_html and not is_typst then link.target = "#" .. slug(text(title_of[id])) end
  -- A sign in a dashed ring; Markdown has no rings, but brackets.
  if link.classes:includes("turns") and is_typst then
    return { pandoc.RawInline("typst", "#ringed["), link, pandoc.RawInline("typst", "]") }
  elseif link.classes:includes("turns") and not is_html then
    link.content:insert(1, pandoc.Str("("))
    link.content:insert(pandoc.Str(")"))
    link.classes = {}
  end
  return link
end

local function set_div(div)
  local kind = div.classes[1]
  if is_html then return end
  if is_typst then
    if kind == "verdict" or kind == "reviewers" then
      local blocks = pandoc.Blocks { raw("#" .. kind .. "-box[") }
      blocks:extend(div.content)
      blocks:insert(raw("]"))
      return blocks
    end
    return (kind == "front" or kind == "beside" or kind == "doors" or kind == "duel" or kind == "strip") and div.content or nil
  end
  if div.identifier:match("^ref%-") then
    div.content[1].content:insert(1, pandoc.RawInline("html", '<a id="' .. div.identifier .. '"></a>'))
  end
  return kind == "verdict" and pandoc.BlockQuote(div.content) or div.content
end

local function set_span(span)
  local class = span.classes[1] == "badge" and span.classes[2]
  if is_html or (is_typst and span.identifier ~= "" and not class) then return end
  local part = span.classes[1]
  if part == "ringed" and not is_typst then return { pandoc.Str("brackets") } end
  if is_typst and (part == "encoder" or part == "decoder") then
    return { pandoc.RawInline("typst", "#text(fill: " .. part .. ")["), span, pandoc.RawInline("typst", "]") }
  end
  if is_typst and class then
    return { pandoc.RawInline("typst", "#badge(" .. quote(class) .. ")["), span, pandoc.RawInline("typst", "]") }
  end
  if span.identifier ~= "" and not is_typst then span.content:insert(1, pandoc.RawInline("html", '<a id="' .. span.identifier .. '"></a>')) end
  return span.content
end

-- A number keeps its per cent sign, its unit and its power of ten on its line.
local space_before = { ["%"] = "\u{202f}", ["×"] = "\u{a0}", s = "\u{a0}", ["µs"] = "\u{a0}", MiB = "\u{a0}" }

local function keep_numbers_whole(inlines)
  for i = 2, #inlines - 1 do
    if inlines[i].t == "Space" then
      local before, after = text(inlines[i - 1]), text(inlines[i + 1])
      local unit = after:match("^[%%]") or after:match("^×") or after:match("^[%a\xb5\xc2]+")
      local space = (before:match("%d$") and space_before[unit]) or (before:match("^×$") and "\u{a0}")
      if space then inlines[i] = pandoc.Str(space) end
    end
  end
end

-- A formula keeps the mark of punctuation behind it on its line.
local function tie_marks(inlines)
  for i = #inlines - 1, 1, -1 do
    local math, mark = inlines[i], inlines[i + 1]
    if math.t == "Math" and math.mathtype == "InlineMath" and mark.t == "Str" and mark.text:match("^[.,;:)]") then
      inlines[i] = pandoc.Span({ math, mark }, { class = "tied" })
      inlines:remove(i + 1)
    end
  end
end

-- One walk for both: each takes all text of the document to Lua and back.
local function tie(inlines)
  keep_numbers_whole(inlines)
  if is_html then tie_marks(inlines) end
  return inlines
end

-- Formulas in Typst by kind and words, all written at once: each call takes milliseconds.
local formulas = {}

local function write_formulas(blocks)
  local keys, paragraphs = pandoc.List {}, pandoc.Blocks {}
  blocks:walk { Math = function(math)
    local key = math.mathtype .. math.text
    if formulas[key] then return end
    formulas[key] = true
    keys:insert(key)
    paragraphs:extend { pandoc.Plain { math }, raw("//end") }
  end }
  local written = typst(paragraphs):gmatch("(.-)%s*//end%s*")
  for _, key in ipairs(keys) do formulas[key] = written() end
end

local function set_math(math)
  local is_block = math.mathtype == "DisplayMath"
  if is_typst then
    local code = formulas[math.mathtype .. math.text]
    return pandoc.RawInline("typst", ("#math.equation(block: %s, alt: %s, %s)"):format(is_block, quote(math.text), code))
  elseif is_html and is_block then
    -- A list of pairs: the order of a table's keys differs from run to run.
    local attributes = { { "tabindex", "0" }, { "role", "group" }, { "aria-label", "Formula" } }
    return pandoc.Span({ math }, pandoc.Attr("", { "equation" }, attributes))
  end
end

function Pandoc(doc)
  commands = doc.meta.commands or {}
  local seen = number(doc.blocks)
  doc.blocks:walk { Link = function(link)
    local id = link.target:match("^#(.*)")
    if id and not seen[id] and not id:match("^ref%-") then complain("#" .. id, "a reference to #" .. id .. ", which is nowhere") end
    if id and #link.content == 0 and not (label_of[id] or title_of[id]) and seen[id] then
      complain("#" .. id, "a reference to #" .. id .. " needs words in its brackets")
    end
  end }
  doc.blocks:walk { traverse = "topdown",
    Figure = function(figure) return figure, false end,
    Image = function(image) complain(image.src, image.src .. " must be a paragraph of its own") end,
  }
  if n_problems > 0 then os.exit(1) end
  if not is_html then
    doc.blocks = doc.blocks:walk { RawBlock = function() return {} end, RawInline = function() return {} end }
  end
  if is_typst then
    -- A verdict on a line of its own stays with what follows it.
    doc.blocks = doc.blocks:walk { Para = function(para)
      local first = para.content[1]
      if first.t == "Span" and first.classes:includes("badge") and utf8.len(text(para)) < 60 then
        return { raw("#block(sticky: true)["), para, raw("]") }
      end
    end }
  end
  doc.blocks = doc.blocks:walk { Link = set_link, Span = set_span, Inlines = tie }
  if is_typst then write_formulas(doc.blocks) end
  doc.blocks = doc.blocks:walk { Math = set_math }
  doc.blocks = doc.blocks:walk { Figure = set_figure, Table = set_table, Div = set_div }
  if n_problems > 0 then os.exit(1) end
  return doc
end
