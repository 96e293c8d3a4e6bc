jsonencode({
  cache = { mode = "simple", max_age = 60 }
  key   = "${var.keys["a"]}-1"
  text  = <<-EOT
    { "a": 1 }
  EOT
  nested {
    made = { for k, v in m : k => v }
  }
})
